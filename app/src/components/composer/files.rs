//! Uploads of files: chosen with the button, dropped or pasted.

#[cfg(any(feature = "hydrate", test))]
use std::collections::HashSet;

use leptos::{html, prelude::*};

use crate::components::{
    ui::{Button, Icon, IconButton, TipSide, Variant},
    words::{file_kind, size},
};
use model::Attachment;

/// The largest accepted file in bytes. The server refuses larger files.
const LIMIT: i64 = 25 * 1024 * 1024;

/// Whether pasted or dropped data is text, and its files are only a picture of that text. Spreadsheet cells come as both. For a copied or
/// dragged file, the system also gives its name, path or address as text; that counts as a file. `known` holds the names of the files and
/// the addresses that came with them, one per line. The chat widget follows the same rule (frontend/widget/parts/clipboard.js).
#[cfg(any(feature = "hydrate", test))]
fn has_words(text: &str, known: &str) -> bool {
    let lines = |text| str::split(text, ['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let known: HashSet<&str> = lines(known).collect();
    let is_address = |line: &str| line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:"));
    lines(text).any(|line| !is_address(line) && !known.contains(without_folder(line)))
}

/// The file name at the end of an absolute path. Any other text stays unchanged.
#[cfg(any(feature = "hydrate", test))]
fn without_folder(line: &str) -> &str {
    let drive =
        line.get(..2).is_some_and(|start| start.starts_with(|c: char| c.is_ascii_alphabetic()) && start.ends_with(':'));
    let path = if drive { &line[2..] } else { line.strip_prefix('~').unwrap_or(line) };
    if path.starts_with(['/', '\\']) { path.rsplit(['/', '\\']).next().unwrap_or(path) } else { line }
}

/// The progress of an upload.
#[derive(Debug, Clone, PartialEq)]
enum Progress {
    /// Uploading; the percentage sent so far.
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only browsers send files"))]
    Going(u32),
    /// Uploaded.
    Done(Attachment),
    /// Failed, with the reason.
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only browsers send files"))]
    Failed(String),
}

#[derive(Clone)]
struct Upload {
    id: u32,
    name: String,
    bytes: i64,
    progress: RwSignal<Progress>,
    /// The file in the browser. None if it was uploaded earlier.
    #[cfg(feature = "hydrate")]
    file: Option<send_wrapper::SendWrapper<web_sys::File>>,
}

/// The files of the message being written.
#[derive(Clone, Copy)]
pub struct Uploads {
    all: RwSignal<Vec<Upload>>,
    next: StoredValue<u32>,
}

impl Uploads {
    /// An empty list.
    pub fn new() -> Self {
        Self { all: RwSignal::default(), next: StoredValue::new(0) }
    }

    /// Whether any file is still uploading.
    pub fn busy(self) -> bool {
        self.all.with(|all| all.iter().any(|u| matches!(u.progress.get(), Progress::Going(_))))
    }

    /// The uploaded files.
    pub fn ready(self) -> Vec<Attachment> {
        let done = |u: &Upload| match u.progress.get() {
            Progress::Done(file) => Some(file),
            _ => None,
        };
        self.all.with(|all| all.iter().filter_map(done).collect())
    }

    /// Removes and returns the uploaded files, which now belong to the sent message.
    pub fn take(self) -> Vec<Attachment> {
        let ready = untrack(|| self.ready());
        self.all.set(Vec::new());
        ready
    }

    /// Adds the files of a message that returns to the composer.
    pub fn put_back(self, files: Vec<Attachment>) {
        for file in files {
            self.push(Upload {
                id: self.number(),
                name: file.name.clone(),
                bytes: file.size,
                progress: RwSignal::new(Progress::Done(file)),
                #[cfg(feature = "hydrate")]
                file: None,
            });
        }
    }

    fn number(self) -> u32 {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        id
    }

    fn push(self, upload: Upload) {
        self.all.update(|all| all.push(upload));
    }

    fn remove(self, id: u32) {
        self.all.update(|all| all.retain(|u| u.id != id));
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::*;
    use send_wrapper::SendWrapper;
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use web_sys::{File, FileList, ProgressEvent, XmlHttpRequest};

    use super::{LIMIT, Progress, Upload, Uploads};
    use crate::json;

    impl Uploads {
        pub fn add_chosen(self, input: &web_sys::HtmlInputElement) {
            self.add(input.files());
            input.set_value("");
        }

        /// Whether the dragged data may be dropped here. If it contains text and is over a text field, the browser handles it: it inserts
        /// the text at the pointer.
        pub fn may_take(self, event: &leptos::ev::DragEvent) -> bool {
            let types = event.data_transfer().map(|data| data.types());
            let has = |what: &str| types.as_ref().is_some_and(|types| types.includes(&what.into(), 0));
            has("Files") && !(has("text/plain") && is_text_field(event))
        }

        /// Takes dropped files. Without files, the browser's default action goes on.
        pub fn add_dropped(self, event: &leptos::ev::DragEvent) {
            // Outside a text field, dropped text has no target. So only the files count, and the browser must not navigate away from the
            // page.
            if self.may_take(event) {
                event.prevent_default();
                self.add(event.data_transfer().and_then(|data| data.files()));
            } else {
                self.add_alone(event, event.data_transfer());
            }
        }

        /// Takes pasted files. The browser pastes text as usual.
        pub fn add_pasted(self, event: &leptos::ev::Event) {
            let data = js_sys::Reflect::get(event, &"clipboardData".into()).ok();
            self.add_alone(event, data.and_then(|data| data.dyn_into::<web_sys::DataTransfer>().ok()));
        }

        fn add_alone(self, event: &leptos::ev::Event, data: Option<web_sys::DataTransfer>) {
            let Some(data) = data else { return };
            let Some(files) = data.files().filter(|files| files.length() > 0) else { return };
            let said = |kind: &str| data.get_data(kind).unwrap_or_default();
            let names = (0..files.length()).filter_map(|n| files.item(n)).map(|file| file.name());
            let known = names.fold(said("text/uri-list"), |known, name| known + "\n" + &name);
            if !super::has_words(&composed(&said("text/plain")), &composed(&known)) {
                event.prevent_default();
                self.add(Some(files));
            }
        }

        fn add(self, files: Option<FileList>) {
            let Some(files) = files else { return };
            for file in (0..files.length()).filter_map(|n| files.item(n)) {
                let bytes = file.size() as i64;
                let too_large = bytes > LIMIT;
                let progress = if too_large {
                    Progress::Failed("Larger than 25 MB. Send a link instead.".to_owned())
                } else {
                    Progress::Going(0)
                };
                let upload = Upload {
                    id: self.number(),
                    name: file.name(),
                    bytes,
                    progress: RwSignal::new(progress),
                    file: Some(SendWrapper::new(file)),
                };
                self.push(upload.clone());
                if !too_large {
                    start(&upload);
                }
            }
        }
    }

    /// Unicode has two forms for accented letters. A file's name and the pasted text may use different forms.
    fn composed(text: &str) -> String {
        js_sys::JsString::from(text).normalize("NFC").into()
    }

    fn is_text_field(event: &leptos::ev::Event) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        target.is_some_and(|target| target.closest("textarea, input").ok().flatten().is_some())
    }

    /// Uploads a file with `XMLHttpRequest`, because `fetch` does not report upload progress.
    pub(super) fn start(upload: &Upload) {
        let Some(file) = &upload.file else { return };
        let progress = upload.progress;
        progress.set(Progress::Going(0));
        let fail = move |why: &str| {
            progress.try_set(Progress::Failed(why.to_owned()));
        };
        let Ok(request) = XmlHttpRequest::new() else { return fail("This browser cannot upload files.") };
        let name = String::from(js_sys::encode_uri_component(&upload.name));
        if request.open("POST", &format!("/api/files?name={name}")).is_err() {
            return fail("The file could not be uploaded.");
        }
        let moved = Closure::<dyn FnMut(ProgressEvent)>::new(move |event: ProgressEvent| {
            let percent = event.loaded() / event.total().max(1.0) * 100.0;
            progress.try_set(Progress::Going(percent.min(99.0) as u32));
        });
        if let Ok(up) = request.upload() {
            up.set_onprogress(Some(moved.as_ref().unchecked_ref()));
        }
        let done = {
            let request = request.clone();
            Closure::<dyn FnMut(JsValue)>::new(move |_| {
                let answer = request.response_text().ok().flatten().unwrap_or_default();
                let status = request.status().unwrap_or(0);
                match (status, json::read(&answer)) {
                    (200, Ok(file)) => {
                        progress.try_set(Progress::Done(file));
                    }
                    (0, _) => fail("No connection."),
                    _ => fail(&told(&answer)),
                }
            })
        };
        request.set_onloadend(Some(done.as_ref().unchecked_ref()));
        moved.forget();
        done.forget();
        let file: &File = file;
        let _ = request.send_with_opt_blob(Some(file));
    }

    /// The message in the server's refusal.
    fn told(answer: &str) -> String {
        #[derive(serde::Deserialize)]
        struct Refusal {
            error: Told,
        }
        #[derive(serde::Deserialize)]
        struct Told {
            message: String,
        }
        json::read(answer)
            .map_or_else(|_| "The file could not be uploaded.".to_owned(), |refusal: Refusal| refusal.error.message)
    }
}

#[cfg(not(feature = "hydrate"))]
impl Uploads {
    pub fn add_chosen(self, _: &leptos::web_sys::HtmlInputElement) {}
    pub fn may_take(self, _: &leptos::ev::DragEvent) -> bool {
        false
    }
    pub fn add_dropped(self, _: &leptos::ev::DragEvent) {}
    pub fn add_pasted(self, _: &leptos::ev::Event) {}
}

/// The button that chooses files to attach.
#[component]
pub fn AttachButton(uploads: Uploads) -> impl IntoView {
    let picker = NodeRef::<html::Input>::new();
    let choose = Callback::new(move |()| {
        if let Some(input) = picker.get_untracked() {
            input.click();
        }
    });
    view! {
        <input
            type="file"
            multiple
            hidden
            node_ref=picker
            aria-label="Files to attach"
            on:change=move |_| {
                if let Some(input) = picker.get_untracked() {
                    uploads.add_chosen(&input);
                }
            }
        />
        <IconButton icon=Icon::Paperclip name="Attach files" tip=TipSide::Above on_press=choose />
    }
}

/// The list of files of the message being written.
#[component]
pub fn FileList(uploads: Uploads) -> impl IntoView {
    let item = move |upload: Upload| {
        let (id, progress) = (upload.id, upload.progress);
        let media_type = move || match progress.get() {
            Progress::Done(file) => file.media_type,
            _ => String::new(),
        };
        let (word, _) = file_kind("", &upload.name);
        let name = upload.name.clone();
        let kind = move || file_kind(&media_type(), &name).1;
        let meta = move || match progress.get() {
            Progress::Going(percent) => format!("{} · {percent} %", size(upload.bytes)),
            Progress::Done(file) => size(file.size),
            Progress::Failed(why) => why,
        };
        let failed = Memo::new(move |_| matches!(progress.get(), Progress::Failed(_)));
        // A file that is too large would fail again.
        let may_retry = move || failed.get() && upload.bytes <= LIMIT;
        let percent = move || match progress.get() {
            Progress::Going(percent) => Some(percent),
            _ => None,
        };
        let again = {
            let upload = upload.clone();
            Callback::new(move |()| {
                #[cfg(feature = "hydrate")]
                browser::start(&upload);
                #[cfg(not(feature = "hydrate"))]
                let _ = upload.id;
            })
        };
        let uploading = format!("Uploading {}", upload.name);
        view! {
            <li class="file" data-state=move || failed.get().then_some("failed")>
                <span class="file-kind" data-kind=kind aria-hidden="true">
                    {word}
                </span>
                <span class="file-text">
                    <span class="file-name">
                        <bdi>{upload.name.clone()}</bdi>
                    </span>
                    <span class="file-meta">{meta}</span>
                </span>
                {move || {
                    may_retry()
                        .then(|| {
                            view! {
                                <Button variant=Variant::Quiet small=true on_press=again>
                                    "Try again"
                                </Button>
                            }
                        })
                }}
                <IconButton
                    icon=Icon::X
                    small=true
                    name=format!("Remove {}", upload.name)
                    tip=TipSide::Above
                    at_end=true
                    on_press=Callback::new(move |()| uploads.remove(id))
                />
                {move || percent().map(|value| view! { <progress value=value max="100" aria-label=uploading.clone()></progress> })}
            </li>
        }
    };
    let any = move || uploads.all.with(|all| !all.is_empty());
    move || {
        any().then(|| {
            view! {
                <ul class="files composer-files">
                    <For each=move || uploads.all.get() key=|upload| upload.id children=item />
                </ul>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::has_words;

    #[test]
    fn t5_what_has_words_is_text_and_only_what_has_none_is_a_file() {
        let has_words = |text| has_words(text, "image.png");
        assert!(has_words("Lamp\t4\nShade\t2"), "cells of a spreadsheet");
        assert!(has_words("see file:///home/anna/a.pdf") && has_words("né"));
        assert!(!has_words("") && !has_words(" \r\n"));
        assert!(!has_words("file:///home/anna/a.pdf\r\nFILE:///home/anna/b.pdf\r\n"));
    }

    #[test]
    fn t5_text_that_only_names_the_files_is_no_words() {
        for (text, known) in [
            ("quarterly report.pdf", "\nquarterly report.pdf"),
            ("a.pdf\nb.png", "\na.pdf\nb.png"),
            ("a.pdf\rb.png\r", "\na.pdf\nb.png"),
            ("C:\\Users\\Anna B\\report.pdf", "\nreport.pdf"),
            ("\\\\server\\share\\report.pdf", "\nreport.pdf"),
            ("/home/anna/report.pdf\n/report.pdf\n~/report.pdf", "\nreport.pdf"),
            ("https://x.example/a.png", "# from a tab\r\nhttps://x.example/a.png\r\n\ndownload.png"),
        ] {
            assert!(!has_words(text, known), "{text}");
        }
        for (text, known) in [
            ("https://x.example/a.png", "\nimage.png"),
            ("look: https://x.example/a.png", "https://x.example/a.png\na.png"),
            ("report.pdf is the one", "\nreport.pdf"),
            ("see /home/anna/report.pdf", "\nreport.pdf"),
            ("/home/anna/other.pdf", "\nreport.pdf"),
            ("a.pdf\nand more", "\na.pdf"),
            ("é:/report.pdf", "\nreport.pdf"),
        ] {
            assert!(has_words(text, known), "{text}");
        }
    }
}
