//! How the report looks, and what a browser may do with it.

use sha2::{Digest, Sha256};

/// Black on white: grey and shape carry what colour would. On paper one A4 page, on a phone one column.
pub(super) const STYLE: &str = "\
@page{size:A4;margin:12mm}*{box-sizing:border-box}\
body{margin:0;background:#fff;color:#000;font:15px/1.35 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;font-variant-numeric:tabular-nums}\
main{max-width:186mm;margin:0 auto;padding:16px}\
header{display:flex;flex-wrap:wrap;gap:0 1.5em;align-items:baseline;border-bottom:2px solid #000}\
h1{font-size:1.6em;margin:0 0 .1em;overflow-wrap:anywhere}h2{font-size:1em;margin:.9em 0 .25em}p{margin:.2em 0}header p{margin:0}\
dl{margin:.5em 0 0}.facts>div{display:grid;grid-template-columns:7.5em minmax(0,1fr)}dt{color:#444}dd{margin:0;overflow-wrap:anywhere}\
table{border-collapse:collapse;width:100%}th,td{padding:.22em .35em;text-align:right;border-bottom:1px solid #bbb;font-weight:400}\
thead th{font-weight:600;border-bottom:1px solid #000}th:first-child{text-align:left;padding-left:0}td b{font-weight:650}td{white-space:nowrap}tr.none td{white-space:normal}\
th small{display:block;color:#444;font-size:.85em;line-height:1.15}td.usual{color:#333}tr.none td{text-align:left;color:#444}td small{color:#444}\
svg{width:100%;height:auto;display:block}svg text{font:11px system-ui,sans-serif;fill:#000}\
.band{fill:#ddd}.axis{stroke:#000;stroke-width:1}.curve{fill:none;stroke:#000;stroke-width:1.4}.tick{stroke:#999;stroke-width:.7}\
.alert{fill:none;stroke:#000;stroke-width:1.2}.red{fill:#000}.mark{stroke:#000;stroke-dasharray:2 2}\
.alerts{margin:.3em 0 0;padding:0;list-style:none;columns:2;column-gap:1.5em;font-size:.93em}.alerts li{break-inside:avoid;margin:.1em 0}\
.two{display:grid;grid-template-columns:1fr 1fr;gap:0 1.5em}.small{font-size:.85em;color:#444}.changes td{text-align:left}\
.note{white-space:pre-wrap;overflow-wrap:anywhere;max-height:7.5em;overflow:hidden}.lines{border-bottom:1px solid #999;height:1.4em}\
footer{border-top:1px solid #000;margin-top:.8em;padding-top:.3em;font-size:.85em;color:#222}\
@media(max-width:40rem){.two{grid-template-columns:minmax(0,1fr)}.alerts{columns:1}table{font-size:.9em}th,td{padding:.22em .2em}\
main{padding:12px}td{white-space:normal}}\
@media print{body{font-size:11.5px;line-height:1.25}h2{margin:.6em 0 .2em}th,td{padding:.16em .3em}main{max-width:none;padding:0}}";

/// What a browser may do with the page when it is served: show it with its own style, and nothing else.
#[must_use]
pub fn policy() -> String {
    let hash = base64(&Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, &b| bits << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let sign =
                ALPHABET.get((bits >> (18 - 6 * place) & 63) as usize).filter(|_| place <= chunk.len());
            out.push(sign.map_or('=', |&sign| char::from(sign)));
        }
    }
    out
}
