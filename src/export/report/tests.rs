use super::escape;
use super::style::base64;

#[test]
fn script_in_a_name_is_text() {
    assert_eq!(
        escape("<script>alert(\"1\")</script> & 'x'"),
        "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;"
    );
}

#[test]
fn base64_is_that_of_rfc_4648() {
    for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(plain.as_bytes()), coded);
    }
}
