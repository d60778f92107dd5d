//! What we read is what other readers of XML read, and what they refuse we refuse.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::text::resolve;
use super::{Element, Names, Tree, WhiteSpace};
use crate::{DocumentFault, Limits};

fn parse(xml: &str) -> Result<Tree, DocumentFault> {
    let tree = Tree::parse(
        xml.as_bytes(),
        Names::Prefixed,
        WhiteSpace::Kept,
        &Limits::default(),
    );
    tree.map_err(|error| error.fault)
}

/// Names, attributes and innermost texts, by depth, as we read them.
fn ours(tree: &Tree) -> Vec<(usize, String, Option<String>, Option<String>)> {
    let depth = |element: Element| {
        std::iter::successors(Some(element), |element| tree.parent(*element)).count()
    };
    tree.elements()
        .map(|element| {
            let attribute = tree.attribute(element, "a");
            let text = (!tree.is_container(element)).then(|| tree.value(element).to_owned());
            (
                depth(element),
                tree.name(element).to_owned(),
                attribute.map(std::borrow::Cow::into_owned),
                text,
            )
        })
        .collect()
}

fn roxmltrees(
    document: &roxmltree::Document<'_>,
) -> Vec<(usize, String, Option<String>, Option<String>)> {
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    elements
        .map(|node| {
            let is_leaf = !node.children().any(|child| child.is_element());
            let text: String = node
                .children()
                .filter(roxmltree::Node::is_text)
                .filter_map(|child| child.text().map(ToOwned::to_owned))
                .collect();
            (
                node.ancestors().filter(roxmltree::Node::is_element).count(),
                node.tag_name().name().to_owned(),
                node.attribute("a").map(ToOwned::to_owned),
                is_leaf.then(|| kept(&text)),
            )
        })
        .collect()
}

/// Names and innermost texts by quick-xml, which checks less than we do.
fn quick_xmls(xml: &str) -> Vec<(usize, String, Option<String>)> {
    let mut reader = Reader::from_str(xml);
    let mut found: Vec<(usize, String, Option<String>)> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    loop {
        let (text, is_open) = match reader.read_event().unwrap() {
            Event::Start(start) => (Err(start), true),
            Event::Empty(start) => (Err(start), false),
            Event::End(_) => {
                let index = open.pop().unwrap();
                let text = &mut found[index].2;
                *text = text.as_deref().map(kept);
                continue;
            }
            Event::Text(text) => (Ok(text.replace("\r\n", "\n").replace('\r', "\n")), false),
            Event::CData(text) => (Ok(text.replace("\r\n", "\n").replace('\r', "\n")), false),
            Event::GeneralRef(reference) => (Ok(resolve(&reference).unwrap().to_string()), false),
            Event::Eof => return found,
            _ => continue,
        };
        match text {
            Ok(text) => {
                if let Some(index) = open.last()
                    && let Some(known) = &mut found[*index].2
                {
                    known.push_str(&text);
                }
            }
            Err(start) => {
                if let Some(index) = open.last() {
                    found[*index].2 = None;
                }
                if is_open {
                    open.push(found.len());
                }
                let name = String::from(start.name().as_ref());
                let depth = open.len() + usize::from(!is_open);
                found.push((depth, name, Some(String::new())));
            }
        }
    }
}

fn kept(text: &str) -> String {
    let is_blank = text.chars().all(|char| " \t\r\n".contains(char));
    if is_blank { "" } else { text }.to_owned()
}

const PIECES: &[&str] = &[
    "<A>",
    "</A>",
    "<A>",
    "</A>",
    "<B a='1'>",
    "</B>",
    "<B a=\"x&amp;\n>\">",
    "</B >",
    "<C/>",
    "<C a='' />",
    "<C a='1' a='2'/>",
    "<C a='<'/>",
    "<C a='1'b='2'/>",
    "<C a/>",
    "<1/>",
    "< A>",
    "x",
    "text",
    " ",
    "\r\n",
    "\r",
    "\t",
    "&amp;",
    "&#65;",
    "&#x41;",
    "&#13;",
    "&x;",
    "&amp",
    "&#;",
    "&#0;",
    "<!-- c -->",
    "<!-- -- -->",
    "<!--->",
    "<![CDATA[ x ]]>",
    "<![CDATA[<&]]>",
    "<![CDATA[",
    "]]>",
    "]]",
    ">",
    "<",
    "&",
    "<?p q?>",
    "<?p?>",
    "<??>",
    "<?xml version='1.0'?>",
    "é",
    "\u{1}",
    "\u{fffe}",
    "'",
    "\"",
    "--",
    "<A></A>",
    "<B>y</B>",
];

fn document() -> impl Strategy<Value = String> {
    let inside = prop::collection::vec(prop::sample::select(PIECES), 0..10);
    let around = prop_oneof![
        4 => Just(("<A>", "</A>")),
        1 => Just(("", "")),
        1 => Just(("\u{feff}<?xml version=\"1.0\" encoding='utf-8' standalone=\"no\" ?>\n<A>", "</A>\n")),
        1 => Just(("<?xml encoding='utf-8'?><A>", "</A>")),
        1 => Just(("<!-- c --><A>", "</A><?p?>")),
    ];
    (around, inside)
        .prop_map(|((before, behind), inside)| format!("{before}{}{behind}", inside.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn what_roxmltree_reads_we_read_alike_and_what_it_refuses_we_refuse(xml in document()) {
        let theirs = roxmltree::Document::parse(&xml);
        let tree = parse(&xml);
        match (theirs, tree) {
            // roxmltree keeps a CR before a reference as it is.
            (Ok(theirs), Ok(tree)) => prop_assert_eq!(
                format!("{:?}", ours(&tree)).replace("\\r", "\\n"),
                format!("{:?}", roxmltrees(&theirs)).replace("\\r", "\\n")
            ),
            (Err(_), Err(_)) => {}
            (theirs, tree) => prop_assert!(
                false,
                "{:?}: roxmltree {:?}, we {:?}",
                xml,
                theirs.map(|_| ()),
                tree.map(|_| ())
            ),
        }
    }

    #[test]
    fn what_we_read_quick_xml_reads_alike(xml in document()) {
        if let Ok(tree) = parse(&xml) {
            let ours: Vec<_> = ours(&tree).into_iter().map(|(depth, name, _, text)| (depth, name, text)).collect();
            prop_assert_eq!(ours, quick_xmls(&xml));
        }
    }

    #[test]
    fn what_is_taken_away_is_one_piece_with_blanks_around_it(xml in document(), which: prop::sample::Index) {
        let Ok(mut tree) = parse(&xml) else { return Ok(()) };
        let inside: Vec<Element> = tree.children(tree.root()).collect();
        if inside.is_empty() {
            return Ok(());
        }
        let element = *which.get(&inside);
        let node = tree.node(element).unwrap();
        let (start, end) = (node.start as usize, node.end as usize);
        let (before, behind) = (xml[..start].trim_ascii_end(), xml[end..].trim_ascii_start());
        tree.remove(element);
        let written = tree.write();
        prop_assert!(written.starts_with(before) && written.ends_with(behind), "{xml:?}: {written:?}");
        let between = &written[before.len()..written.len() - behind.len()];
        let is_parted = between == "<!---->" && (before.ends_with(']') && behind.contains('>'));
        prop_assert!(is_parted || between.trim_ascii().is_empty(), "{xml:?}: {written:?}");
        // A line break that was before it or behind it stays.
        let breaks = |text: &str| text.matches('\n').count();
        let there = breaks(&xml) - breaks(&xml[start..end]);
        prop_assert!(breaks(&written) + 1 >= there, "{xml:?}: {written:?}");
        prop_assert!(parse(&written).is_ok(), "{xml:?}: {written:?}");
    }
}

#[test]
fn what_an_element_stood_between_is_kept_apart_where_together_it_is_no_text() {
    for (xml, wanted) in [
        ("<A>]]<C/>></A>", "<A>]]<!---->></A>"),
        ("<A>]<C/>]></A>", "<A>]<!---->]></A>"),
        ("<A>]<C/>></A>", "<A>]></A>"),
    ] {
        let mut tree = parse(xml).unwrap();
        let element = tree.children(tree.root()).next().unwrap();
        tree.remove(element);
        assert_eq!(tree.write().as_str(), wanted);
        assert!(parse(wanted).is_ok());
    }
}

#[test]
fn the_signs_that_begin_a_comment_do_not_end_it() {
    let tree = parse("<A>x<!--->--><?p ?>y</A>").unwrap();
    assert_eq!(tree.value(tree.root()), "xy");
}

#[test]
fn prefixes_need_no_declaration() {
    let tree = parse("<device  xsi:type=\"axl:XIPPhone\"  a='1'><x:y/></device>").unwrap();
    assert_eq!(
        tree.attribute(tree.root(), "xsi:type").as_deref(),
        Some("axl:XIPPhone")
    );
    assert!(tree.child(tree.root(), "x:y").is_some());
}

#[test]
fn an_edit_leaves_all_else_as_it_stands() {
    let xml = "\u{feff}<?xml version='1.0'?>\r\n<!-- a -->\r\n<A  p='1'\tq = \"2\" >\r\n\t<B>1</B >\r\n\t<C x='y'/>\r\n\t<D><!-- b --></D>\r\n</A>\r\n<!-- c -->";
    let mut tree = parse(xml).unwrap();
    assert_eq!(*tree.write(), *xml);
    let root = tree.root();
    let [b, c, d] = ["B", "C", "D"].map(|name| tree.child(root, name).unwrap());
    tree.set_value(b, "<2>").unwrap();
    tree.set_value(c, "3").unwrap();
    tree.set_attribute(root, "p", Some("5")).unwrap();
    tree.set_attribute(c, "z", Some("6")).unwrap();
    tree.remove(d);
    let e = tree.append(root, "E").unwrap();
    let f = tree.append(e, "F").unwrap();
    tree.set_value(f, "7").unwrap();
    let wanted = "\u{feff}<?xml version='1.0'?>\r\n<!-- a -->\r\n<A  p=\"5\"\tq = \"2\" >\r\n\t<B>&lt;2&gt;</B >\r\n\t<C x='y' z=\"6\">3</C>\r\n\t<E>\r\n\t  <F>7</F>\r\n\t</E>\r\n</A>\r\n<!-- c -->";
    assert_eq!(*tree.write(), *wanted);
    assert_eq!(*parse(wanted).unwrap().write(), *wanted);
    tree.set_attribute(root, "p", None).unwrap();
    assert!(tree.write().contains("<A\tq = \"2\" >\r\n"));
    tree.set_attribute(root, "q", Some("6")).unwrap();
    assert!(tree.write().contains("<A\tq=\"6\" >\r\n"));
    tree.set_attribute(root, "q", None).unwrap();
    assert!(tree.write().contains("<A >\r\n\t<B>"));
}

#[test]
fn what_is_taken_away_takes_its_line_only_where_it_stands_there_alone() {
    for (before, names, after) in [
        ("<A>\n  <B/><C/>\n</A>", &["B"][..], "<A>\n  <C/>\n</A>"),
        ("<A>\n  <B/><C/>\n</A>", &["C"], "<A>\n  <B/>\n</A>"),
        (
            "<A>\n  <B/><!-- c -->\n</A>",
            &["B"],
            "<A>\n  <!-- c -->\n</A>",
        ),
        ("<A>\n  <B/></A>", &["B"], "<A>\n  </A>"),
        ("<A><B/>\n  <C/>\n</A>", &["B"], "<A>\n  <C/>\n</A>"),
        // Blanks at its end belong to the line.
        (
            "<A>\r\n\t<B/> \t\r\n\t<C/>\r\n</A>",
            &["B"],
            "<A>\r\n\t<C/>\r\n</A>",
        ),
        // What stood alone together is alone.
        (
            "<A>\n  <B/> <C/>\n  <D/>\n</A>",
            &["B", "C"],
            "<A>\n  <D/>\n</A>",
        ),
        (
            "<A>\n  <B/> <C/><D/>\n</A>",
            &["B", "C"],
            "<A>\n  <D/>\n</A>",
        ),
    ] {
        let mut tree = parse(before).unwrap();
        for name in names {
            let element = tree.child(tree.root(), name).unwrap();
            tree.remove(element);
        }
        assert_eq!(*tree.write(), *after, "{before} without {names:?}");
    }
}

#[test]
fn what_is_added_fits_in_where_there_was_nothing() {
    for (before, after) in [
        ("<A/>", "<A><B/></A>"),
        ("<A></A>", "<A><B/></A>"),
        ("<A> </A>", "<A><B/> </A>"),
        ("<A/>\n", "<A>\n  <B/>\n</A>\n"),
        ("<A></A>\n", "<A>\n  <B/>\n</A>\n"),
        ("<A>\n</A>\n", "<A>\n  <B/>\n</A>\n"),
        ("<A><C/></A>\n", "<A><C/><B/></A>\n"),
        ("<A>\n    <C/>\n</A>\n", "<A>\n    <C/>\n    <B/>\n</A>\n"),
    ] {
        let mut tree = parse(before).unwrap();
        tree.append(tree.root(), "B").unwrap();
        assert_eq!(*tree.write(), *after, "{before}");
    }
}

#[test]
fn names_whose_hashes_are_equal_stay_apart() {
    let names = ["b", "a", "b", "c", "b"];
    let name = |element: Element| names[element.0 as usize];
    let order = |one: Element, other: Element| name(one).cmp(name(other));
    let mut index = super::Index::with_capacity(4);
    (0..4).for_each(|at| index.push(7 << 32, Element(at)));
    index.push(8 << 32, Element(1));
    index.sort(order);
    index.insert(7 << 32, Element(4), |known| name(known).cmp("b"));
    let last = |wanted: &str| index.last(7 << 32, |known| name(known).cmp(wanted));
    assert_eq!(last("b"), Some(Element(4)));
    assert_eq!(last("a"), Some(Element(1)));
    assert_eq!(last("d"), None);
    assert_eq!(last(""), None);
    let all = index.all(7 << 32, |known| name(known).cmp("b"));
    assert_eq!(all.collect::<Vec<_>>(), [0, 2, 4].map(Element));
    let equal = index.pairs().filter(|pair| order(pair.0, pair.1).is_eq());
    let equal: Vec<_> = equal.map(|pair| (pair.0.0, pair.1.0)).collect();
    assert_eq!(equal, [(0, 2), (2, 4)]);
}

#[test]
fn however_many_hashes_are_equal_names_are_compared_a_few_times() {
    let mut index = super::Index::default();
    let compared = std::cell::Cell::new(0);
    let against = |wanted: u32| {
        let compared = &compared;
        move |known: Element| {
            compared.set(compared.get() + 1);
            known.0.cmp(&wanted)
        }
    };
    for at in 0..4_096 {
        index.insert(7 << 32, Element(at), against(at));
    }
    for at in (0..4_096).step_by(64) {
        assert_eq!(index.last(7 << 32, against(at)), Some(Element(at)));
        assert_eq!(index.all(7 << 32, against(at)).count(), 1);
    }
    // Thirteen halves of 4,096, twice where both ends are looked for.
    let most = 13 * 4_096 + 64 * (14 + 26);
    assert!(compared.get() <= most, "{}", compared.get());
}
