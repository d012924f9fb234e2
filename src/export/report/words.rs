//! The report in a reader's language: words of its own beside those of the page, where it says the same.

use std::collections::BTreeMap;

type Table = BTreeMap<String, String>;
/// By group.
type Page = BTreeMap<String, Table>;

macro_rules! strings {
    ($name:literal) => {
        include_str!(concat!("../../web/strings/", $name, ".json"))
    };
}

/// Languages that a report can be in: as the page names them.
pub const LANGUAGES: [&str; 2] = ["en", "de"];

/// All that a report says in one language.
#[derive(Debug, Clone)]
pub struct Words {
    pub(super) language: &'static str,
    report: Table,
    page: Page,
    /// Sentences of this program with places for values, and what they are here.
    said: Vec<(String, String)>,
}

impl Words {
    /// `None`: there is no report in this language.
    #[must_use]
    pub fn of(language: &str) -> Option<Self> {
        let (language, report, page, said) = match language {
            "en" => ("en", strings!("en.report"), strings!("en"), "{}"),
            "de" => ("de", strings!("de.report"), strings!("de"), strings!("de.daemon")),
            _ => return None,
        };
        let table = |text| serde_json::from_str::<Table>(text).unwrap_or_default();
        // Longer ones first: they say more of what they are about.
        let mut said: Vec<_> = table(said).into_iter().collect();
        said.sort_by_key(|(english, _)| std::cmp::Reverse(english.len()));
        let page = serde_json::from_str::<Page>(page).unwrap_or_default();
        Some(Self { language, report: table(report), page, said })
    }

    /// A word of the report.
    pub(super) fn word<'a>(&'a self, key: &'a str) -> &'a str {
        self.report.get(key).map_or(key, String::as_str)
    }

    /// A sentence of the report with its values.
    pub(super) fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        filled(self.word(key), values)
    }

    /// A word of the page, such as `rule.pelvic_drop`; what it does not know is said as it is named.
    pub(super) fn of_page(&self, group: &str, name: &str) -> String {
        let found = self.page.get(group).and_then(|words| words.get(name));
        found.cloned().unwrap_or_else(|| name.replace('_', " "))
    }

    /// A sentence that this program says in English; one that is not known stays.
    pub(super) fn said(&self, english: &str) -> String {
        let found = self.said.iter().find_map(|(sentence, here)| Some((values(sentence, english)?, here)));
        let Some((values, here)) = found else { return english.to_owned() };
        let values: Vec<_> = values.into_iter().map(|(name, value)| (name, self.said(value))).collect();
        filled(here, &values.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
    }

    /// A figure as it is written here.
    pub(super) fn decimal(&self, value: f64, digits: usize) -> String {
        let scale = 10f64.powi(i32::try_from(digits).unwrap_or(0));
        // Rounded first, so that there is no "-0".
        let whole = (value * scale).round() / scale + 0.0;
        format!("{whole:.digits$}").replace('-', "\u{2212}").replace('.', self.word("decimal"))
    }

    /// The minute of an RFC 3339 date.
    pub(super) fn date(&self, started: &str) -> String {
        let part = |range| started.get(range).unwrap_or_default();
        self.fill(
            "date",
            &[("year", part(0..4)), ("month", part(5..7)), ("day", part(8..10)), ("time", part(11..16))],
        )
    }
}

fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, from)| Some((before, from.split_once('}')?)))
    {
        out.push_str(before);
        out.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    out + rest
}

/// What stands in the places of a sentence; `None` where `text` is another one.
fn values<'a>(sentence: &'a str, text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let Some((before, from)) = sentence.split_once('{') else {
        return (sentence == text).then(Vec::new);
    };
    let (name, rest) = from.split_once('}')?;
    let text = text.strip_prefix(before)?;
    let next = rest.split('{').next().unwrap_or_default();
    let ends = text.match_indices(next).map(|(at, _)| at);
    // Without words up to the next place, or to the end, all that is left stands here.
    let ends: Vec<_> = if next.is_empty() { vec![text.len()] } else { ends.collect() };
    ends.into_iter().find_map(|end| {
        let (value, after) = text.split_at(end);
        let mut all = values(rest, after)?;
        all.push((name, value));
        Some(all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|from| from.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_language_says_all_of_the_report() {
        let english = Words::of("en").unwrap();
        assert!(english.report.len() > 40);
        for language in LANGUAGES {
            let words = Words::of(language).unwrap();
            assert_eq!(words.language, language);
            assert!(words.report.keys().eq(english.report.keys()), "{language}");
            for (key, text) in &english.report {
                assert_eq!(places(&words.report[key]), places(text), "{language}: {key}");
            }
            assert!(words.page["rule"].contains_key("pelvic_drop"), "{language}");
        }
        assert!(Words::of("xx").is_none());
    }

    #[test]
    fn a_sentence_of_this_program_is_said_in_the_readers_language() {
        let german = Words::of("de").unwrap();
        assert_eq!(german.said("The calibration is good."), "Die Kalibrierung ist gut.");
        let bends = german.said("The knee bends reached only 41 degrees: go down to about 60, three times.");
        assert_eq!(bends, "Die Kniebeugen erreichten nur 41 Grad: geh dreimal bis etwa 60 hinab.");
        let place = german.said("The left thigh is calibrated well.");
        assert_eq!(place, "Der Sensor am linken Oberschenkel ist gut kalibriert.");
        assert_eq!(german.said("Nobody says this."), "Nobody says this.");
        assert_eq!(Words::of("en").unwrap().said("The calibration is good."), "The calibration is good.");
    }

    #[test]
    fn figures_and_days_are_written_as_people_write_them() {
        let german = Words::of("de").unwrap();
        assert_eq!(german.decimal(-1.25, 1), "\u{2212}1,3");
        assert_eq!(german.decimal(-0.04, 1), "0,0");
        assert_eq!(german.date("2026-11-25T18:05:09+01:00"), "25.11.2026, 18:05");
        assert_eq!(Words::of("en").unwrap().date("2026-11-25T18:05:09+01:00"), "2026-11-25 18:05");
    }
}
