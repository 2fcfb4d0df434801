//! The quote in a mail is recognised by the mails that it answers, as far as they are stored (T3).

use channels::email::show::Remote;

use super::office::{Office, letter};
use crate::world::World;

on_both_engines!(t3_marked_lines_are_a_quotation_where_the_answered_mail_has_them);

async fn t3_marked_lines_are_a_quotation_where_the_answered_mail_has_them(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let log = "> shop@2.1.0 build\n> cannot find module 'stock'";
    let asked = "When does the bread come,\nand how much of it?";
    let html = |text: &str, marked: &str| {
        format!(
            "<div>{text}</div><blockquote type=\"cite\"><div>{}</div></blockquote>",
            marked.replace("> ", "").replace('\n', "<br>")
        )
    };
    let answers = "In-Reply-To: <first@x.example>\n";
    let mails = [
        ("Message-ID: <first@x.example>\n", asked.to_owned(), ""),
        (answers, format!("NEW one\n\n{log}"), ""),
        (answers, "NEW two\n\n> When does the bread come, and\n> how much of it?".to_owned(), "> how much of it?"),
        (answers, html("NEW three", log), ""),
        (answers, html("NEW four", "> When does the bread come,\n> and how much of it?"), "> and how much of it?"),
        // What is handed on within an answer has a head like a quotation's, and is not what was answered.
        (answers, "NEW five\n\nFrom: Hugo <hugo@x.example>\nSent: Friday, November 27, 2026 3:15 PM\nTo: Ella <ella@x.example>\nSubject: gate\n\nThe gate is open.".to_owned(), ""),
        (answers, "NEW six\n\nFrom: Anna <anna@x.example>\nSent: Friday, November 27, 2026 3:15 PM\nTo: Ella <ella@x.example>\nSubject: bread\n\nWhen does the bread come,\nand how much of it?".to_owned(), "and how much of it?"),
    ];
    for (n, (head, text, _)) in mails.iter().enumerate() {
        let mut mail = letter("Anna <anna@x.example>", &office.address, "Bread", head, text);
        if text.starts_with("<div>") {
            mail = mail.replace("text/plain", "text/html");
        }
        office.post.deliver("anna@x.example", &office.address, &mail).await;
        // One after the other: what is answered is here.
        let conversation = office.conversations_when(office.channel.id, 1).await[0];
        office.thread_when(conversation, n + 1).await;
    }
    let conversation = office.conversations(office.channel.id).await[0];
    let scope = &office.world.owner.scope;
    for (message, (_, text, end)) in office.thread(conversation).await.iter().zip(&mails).skip(1) {
        let head = message.mail().unwrap();
        let (written, signature, quoted) = head.folds.of(&message.text);
        assert_eq!((signature, quoted.is_empty()), ("", end.is_empty()), "{text}");
        assert!(quoted.trim_end().ends_with(end) && (end.is_empty() || !written.contains("bread")), "{text}: {quoted}");
        if text.starts_with("<div>") {
            let kept = domain::mail::of_member(&office.world.db, scope, message.id).await.unwrap();
            let shown = office.email.formatted(scope, &kept, Remote::LeftOut).await.unwrap().html;
            let shown = String::from_utf8_lossy(&shown);
            assert_eq!(
                shown.contains("<summary>Quoted text</summary>"),
                !end.is_empty(),
                "the frame folds the same quote: {shown}"
            );
        }
    }
}
