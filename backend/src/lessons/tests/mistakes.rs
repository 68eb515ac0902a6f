//! Mistakes in front matter, steps and text.

use super::super::{Lessons, SourceFile};
use super::{FRONT_MATTER, LIST, STEP, complaints, load, step};

#[test]
fn front_matter_is_required() {
    let expected = "01-topics.md:1: A lesson begins with front matter: TOML with id, title, summary, minutes and \
                    start_over between two lines of +++.";
    assert_eq!(complaints(STEP), [expected]);
    assert_eq!(complaints("+++\nid = \"a\"\n"), [expected], "the second +++ is missing");
}

#[test]
fn front_matter_has_exactly_its_keys() {
    let text = FRONT_MATTER.replace("minutes = 10", "minuts = 10") + STEP;
    assert_eq!(
        complaints(&text),
        ["01-topics.md:5: Front matter: unknown field `minuts`, expected one of `id`, `title`, `summary`, \
          `minutes`, `start_over`."]
    );
    let text = FRONT_MATTER.replace("minutes = 10\n", "") + STEP;
    assert_eq!(complaints(&text), ["01-topics.md:2: Front matter: missing field `minutes`."]);
    let text = FRONT_MATTER.replace("delete_topics", "delete_topic") + STEP;
    assert_eq!(
        complaints(&text),
        ["01-topics.md:8: Front matter: unknown field `delete_topic`, expected one of `delete_topics`, \
          `delete_groups`, `create`, `produce`."]
    );
}

#[test]
fn front_matter_makes_sense() {
    let text = FRONT_MATTER
        .replace("\"topics\"", "\"Topics 1\"")
        .replace("= \"Topics\"", "= \"\"")
        .replace("= 10", "= 0")
        .replace("airports-data\"]", "airports data\"]\ndelete_groups = [\"\"]")
        + STEP;
    assert_eq!(
        complaints(&text),
        [
            "01-topics.md:1: Front matter: `minutes` is 0; say how long the lesson takes.",
            "01-topics.md:1: Front matter: `title` is empty.",
            "01-topics.md:1: Front matter: start_over names the group “”. A consumer group needs an id.",
            "01-topics.md:1: Front matter: start_over names the topic “airports data”. Kafka does not allow the \
             character “ ” in a topic name.",
            "01-topics.md:1: The id `Topics 1` is not usable in a URL: use small letters, digits and single hyphens.",
        ]
    );
}

#[test]
fn a_lesson_has_a_step() {
    assert_eq!(
        complaints(FRONT_MATTER),
        ["01-topics.md:10: A lesson has at least one step: add a heading, ## Title {#id}."]
    );
}

#[test]
fn a_step_has_an_id_and_it_is_proposed() {
    let text = FRONT_MATTER.to_owned() + &STEP.replace("## Look {#look}", "## Look, again");
    assert_eq!(
        complaints(&text),
        ["01-topics.md:11: The step “Look, again” has no id: write it behind the title, \
          ## Look, again {#look-again}."]
    );
    let text = FRONT_MATTER.to_owned() + &STEP.replace("{#look}", "{#Look}");
    assert_eq!(
        complaints(&text),
        [
            "01-topics.md:11: The id `Look` is not usable in a URL: use small letters, digits and single hyphens."
        ]
    );
    let text = FRONT_MATTER.to_owned() + &STEP.replace("Look {#look}", "{#look}");
    assert_eq!(
        complaints(&text),
        ["01-topics.md:11: The step has no title: write one before its id, ## Title {#id}."]
    );
}

#[test]
fn two_steps_have_different_ids() {
    assert_eq!(
        complaints(&format!("{FRONT_MATTER}{STEP}{STEP}")),
        ["01-topics.md:25: Two steps have the id `look`: give this one another."]
    );
}

#[test]
fn two_lessons_have_different_ids() {
    let file = |path: &str| SourceFile { path: path.to_owned(), text: format!("{FRONT_MATTER}{STEP}") };
    let errors = Lessons::from_files(vec![file("02-b.md"), file("01-a.md")]).expect_err("the same id");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].to_string(), "02-b.md:1: The id `topics` is that of 01-a.md too: change one.");
}

#[test]
fn a_step_has_exactly_one_step_block() {
    let text = format!("{FRONT_MATTER}\n## Look {{#look}}\n\nLook.\n");
    assert_eq!(
        complaints(&text),
        ["01-topics.md:11: The step has no step block: add a fenced block that begins with ```toml step."]
    );
    let text = step("Look.", LIST) + "\n```toml step\nkind = \"watch\"\n```\n";
    assert!(complaints(&text).contains(
        &"01-topics.md:21: A step has one step block: put all of its runs into the first.".to_owned()
    ));
}

#[test]
fn links_lead_to_a_lesson_or_to_https() {
    for href in
        ["http://kafka.apache.org/", "javascript:alert(1)", "//evil.example", "producing", "/lessonsx"]
    {
        assert_eq!(
            complaints(&step(&format!("Look [there]({href})."), LIST)),
            [format!(
                "01-topics.md:12: The link to `{href}` leads neither to a lesson, /lessons/ID or /lessons/ID/STEP, \
                 nor to https://."
            )]
        );
    }
    let good = "[a](https://kafka.apache.org/) [b](/lessons/topics) [c](/lessons/topics/look)";
    assert!(load(&step(good, LIST)).is_ok());
}

#[test]
fn dead_links_between_lessons_are_found() {
    for href in ["/lessons/nowhere", "/lessons/topics/nowhere", "/lessons/topics/look/", "/lessons/"] {
        assert_eq!(
            complaints(&step(&format!("Look\n[there]({href})."), LIST)),
            [format!(
                "01-topics.md:13: The link to `{href}` is dead: no lesson or step has this id. The lessons are topics."
            )]
        );
    }
}

#[test]
fn html_is_refused() {
    let message = "A lesson has no HTML: write Markdown, and put a name with < or > between backticks.";
    for text in
        ["Look <b>here</b>.", "<script>alert(1)</script>\n\nLook.", "- a <img src=x onerror=alert(1)>"]
    {
        let complaints = complaints(&step(text, LIST));
        assert!(complaints.iter().all(|complaint| complaint == &format!("01-topics.md:12: {message}")));
        assert!(!complaints.is_empty(), "{text}");
    }
}

#[test]
fn what_the_page_does_not_draw_is_refused() {
    let cases = [
        (
            "Look ![at](https://x.example/y.png) it.",
            "A lesson has no images: say it in words, or in a table.",
        ),
        ("### More\n\nLook.", "Only steps have headings, of the second level: ## Title {#id}."),
        ("Look.\n\n***", "A lesson has no rules (---): leave the line out."),
        ("- # a\n\nLook.", "A heading can't stand inside a list or a quotation."),
        ("Write <me@x.example>.", "A lesson has no mail addresses."),
        (
            "Look\\\nhere.",
            "A line break inside a paragraph is not shown: remove the backslash or the two spaces at the end of the \
             line, or begin a new paragraph.",
        ),
    ];
    for (text, message) in cases {
        let complaints = complaints(&step(text, LIST));
        assert!(complaints.iter().any(|complaint| complaint.ends_with(message)), "{complaints:?}");
        assert_eq!(complaints.len(), 1, "{complaints:?}");
    }
    assert_eq!(
        complaints(&format!("{FRONT_MATTER}\nHello.\n{STEP}")),
        ["01-topics.md:11: Text stands before the first step: move it below a heading, ## Title {#id}."]
    );
}

#[test]
fn a_step_says_something_in_120_words() {
    let words = |count: usize| vec!["word"; count].join(" ");
    assert!(load(&step(&words(120), LIST)).is_ok());
    let long = [words(100), format!("- {}", words(10)), format!("| {} |\n|---|\n| {} |", words(5), words(6))];
    assert_eq!(
        complaints(&step(&long.join("\n\n"), LIST)),
        [
            "01-topics.md:11: 121 words before the step's buttons, 120 are allowed: move some behind the step block, \
          into **Because**, or make two steps."
        ]
    );
    assert!(load(&step(&format!("Look.\n\n```text\n{}\n```", words(200)), LIST)).is_ok());
    assert_eq!(
        complaints(&step("", LIST)),
        ["01-topics.md:11: The step says nothing before its buttons: write what they will do."]
    );
}

#[test]
fn what_follows_the_step_block_begins_with_because() {
    assert_eq!(
        complaints(&(step("Look.", LIST) + "\nWell.\n")),
        [
            "01-topics.md:21: What follows the step block opens after the run: begin it with **Because**, or move it \
          before the block."
        ]
    );
    let lessons = load(&(step("Look.", LIST) + "\n**Because** so.\n\nAnd more.\n")).expect("no mistakes");
    assert_eq!(lessons.get("topics").expect("the lesson").steps[0].because.len(), 2);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = step("<b>Look</b> [there](x).", "kind = \"watch\"\n[[run]]\nlist_topic = {}");
    assert_eq!(complaints(&text).len(), 5, "{:?}", complaints(&text));
}
