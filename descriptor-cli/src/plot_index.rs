//! The page that shows all graphs.

use descriptor_core::plot::Figure;

/// A page of pictures that stand beside it: a list of titles, then each graph. Without scripts, and nothing comes from
/// elsewhere.
pub(crate) fn page(graphs: &[(&str, String, Figure)]) -> String {
    let mut list = String::new();
    let mut sections = String::new();
    for (id, file, figure) in graphs {
        let [id, file, title] = [id, file.as_str(), &figure.title].map(escaped);
        list.push_str(&format!("<li><a href=\"#{id}\">{title}</a></li>\n"));
        let days = figure.span().map(|(first, last)| format!("{first} to {last}")).unwrap_or_default();
        sections.push_str(&format!(
            "<section id=\"{id}\">\n<a href=\"{file}\"><img src=\"{file}\" alt=\"{title}, {days}\" loading=\"lazy\"></a>\n\
             <p>{id}, {days}</p>\n</section>\n"
        ));
    }
    format!("{HEAD}<ul>\n{list}</ul>\n{sections}</body>\n</html>\n")
}

const HEAD: &str = "\
<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Graphs of the Tor network</title>
<style>
body { font-family: sans-serif; margin: 2em auto; max-width: 1640px; padding: 0 1em; }
ul { columns: 20em; }
section { display: inline-block; width: 100%; max-width: 800px; }
img { width: 100%; height: auto; border: 1px solid #ddd; }
section p { margin: 0 0 1.5em; color: #666; font-size: 0.85em; }
</style>
</head>
<body>
<h1>Graphs of the Tor network</h1>
";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_graph_is_listed_and_shown() {
        let figure = |title: &str| Figure { title: title.to_owned(), ..Figure::default() };
        let graphs = [("a", "a.svg".to_owned(), figure("A & B")), ("c", "c.png".to_owned(), figure("C"))];
        let page = page(&graphs);
        assert!(page.contains("<li><a href=\"#a\">A &amp; B</a></li>"), "{page}");
        assert!(
            page.contains("<section id=\"c\">\n<a href=\"c.png\"><img src=\"c.png\" alt=\"C, \""),
            "{page}"
        );
    }
}
