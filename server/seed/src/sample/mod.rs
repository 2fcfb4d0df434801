//! A small company written by hand, which a new workspace shows before its own first message. Each conversation is a file in
//! `conversations/`, is complete, and shows one feature. `docs/sample.md` says how they are written.
//!
//! All of it is stored in one transaction. Nothing is ever sent: its channels are samples, and every address is in `.example`.

mod company;
mod ids;
mod letters;
mod mails;
mod people;
mod play;
mod read;
mod texts;
mod when;

use async_trait::async_trait;
use channels::email::Email;
use domain::files::Files;
use jiff::tz::TimeZone;
use model::{
    AccountState, Channel, EventBody, Member, MemberId, Needs, Own, Role, Tag, TagColor, TagId, Timestamp, WorkspaceId,
};
use store::{
    Command, Db, Scope, Tx, account,
    bulk::{self, Batch},
    contact::{self, Address},
    error::{Error, Result, StoreError},
    mail, tag, workspace,
};

use self::{
    company::{CHANNELS, Company},
    ids::Ids,
    play::{Rows, Stage, begins, id_of, play},
    read::Story,
};
use super::Report;

/// What is needed to make the sample.
pub struct Sample<'a> {
    /// The database to store it in.
    pub db: &'a Db,
    /// The store of file bytes.
    pub files: &'a Files,
    /// Reads its mails.
    pub email: &'a Email,
    /// The time shortly after its newest messages.
    pub now: Timestamp,
    /// The time zone of its office hours.
    pub zone: TimeZone,
}

impl Sample<'_> {
    /// Fills a workspace with the sample. The same time gives the same data. If the workspace has the sample already, nothing changes and
    /// the report is empty. One event at the end tells the browsers.
    ///
    /// # Errors
    /// When the database or the disk fails, or the workspace has no member who could look at it.
    pub async fn fill(&self, workspace: WorkspaceId) -> Result<Report> {
        let scope = Scope::system(workspace, "sample workspace");
        let mut snapshot = self.db.snapshot().await?;
        let conn = &mut snapshot.conn();
        if is_there(&workspace::channels(conn, &scope).await?) {
            return Ok(Report::default());
        }
        let members = workspace::members(conn, &scope).await?;
        let pending_after_reply = workspace::load(conn, &scope).await?.workspace.pending_after_reply;
        let tags = tags(&tag::all(conn, &scope).await?);
        let is_first = workspace::all(conn).await?.len() == 1;
        drop(snapshot);
        let me = viewer(&members).ok_or_else(|| broken("there is nobody in this workspace"))?;
        let stories = stories()?;
        let ids = Ids::new(workspace);
        // Members' addresses are unique among all workspaces of a database.
        let tag = if is_first { String::new() } else { format!("+{}", &ids.hash(&["members"])[..6]) };
        let company = Company::new(ids, self.now, &tag);
        let channels = CHANNELS.iter().zip(&company.channels);
        let stage = Stage {
            scope: &scope,
            email: self.email,
            files: self.files,
            ids,
            now: self.now,
            zone: &self.zone,
            me,
            residents: members.iter().filter(|member| !member.disabled).map(|member| member.id).collect(),
            members: company.members.iter().map(|member| member.id).collect(),
            teams: company.teams.iter().map(|team| (team.name.clone(), team.id)).collect(),
            tags: tags.iter().map(|(name, tag, _)| (*name, tag.id)).collect(),
            channels: channels.map(|(sample, (channel, _))| (sample.word, channel.clone())).collect(),
            own: Own::new(CHANNELS.iter().map(|sample| sample.address).filter(|address| !address.is_empty())),
            pending_after_reply,
            conversations: stories
                .iter()
                .map(|story| (story.name.clone(), id_of(ids, story, self.begins(story))))
                .collect(),
        };
        let mut rows = Rows::default();
        for story in &stories {
            play(&stage, story, &mut rows).await?;
        }
        // In the order of arrival, because search shows the last ones first.
        rows.messages.sort_by_key(|row| (row.message.at, row.message.id));
        let tags = tags.into_iter().filter(|(.., is_new)| *is_new).map(|(_, tag, _)| tag).collect();
        self.db.write(&scope, Store { company, tags, rows }).await
    }

    fn begins(&self, story: &Story) -> Timestamp {
        begins(story, self.now, &self.zone)
    }
}

/// The tags of the company, each with whether it has to be added: the workspace may have one of this name.
fn tags(known: &[Tag]) -> Vec<(&'static str, Tag, bool)> {
    let mut next = known.iter().map(|tag| tag.id.number()).max().unwrap_or(0);
    let tag = |(name, color): (&'static str, TagColor)| match known.iter().find(|tag| Tag::key(&tag.name) == name) {
        Some(tag) => (name, tag.clone(), false),
        None => {
            next += 1;
            let new = Tag { id: TagId::new(next), name: name.to_owned(), color, archived: false, merged_into: None };
            (name, new, true)
        }
    };
    company::TAGS.into_iter().map(tag).collect()
}

/// All conversations, parsed.
fn stories() -> Result<Vec<Story>> {
    let read = texts::CONVERSATIONS.iter().map(|(name, text)| read::read(name, text));
    read.collect::<Result<_, _>>().map_err(broken)
}

fn broken(error: impl std::fmt::Display) -> Error {
    StoreError::Corrupt(format!("the sample: {error}")).into()
}

/// Whether the workspace has a channel of the sample.
fn is_there(channels: &[Channel]) -> bool {
    channels.iter().any(|channel| channel.state == Some(AccountState::Sample))
}

/// The member who looks at it: preferably an owner, then a member who can answer.
fn viewer(members: &[Member]) -> Option<(MemberId, String)> {
    let rank = |member: &&Member| match member.role {
        Role::Owner => 0,
        Role::Admin | Role::Agent => 1,
        Role::Viewer => 2,
    };
    let found = members.iter().filter(|member| !member.disabled).min_by_key(rank)?;
    let first = found.name.split_whitespace().next().unwrap_or(&found.name);
    Some((found.id, first.to_owned()))
}

/// Stores the whole sample.
struct Store {
    company: Company,
    /// The tags to add.
    tags: Vec<Tag>,
    rows: Rows,
}

#[async_trait]
impl Command for Store {
    type Output = Report;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Report> {
        let scope = tx.scope()?;
        // Another process may have stored it first.
        if is_there(&workspace::channels(tx.conn(), &scope).await?) {
            return Ok(Report::default());
        }
        self.furnish(tx, &scope).await?;
        let rows = self.rows.clone();
        let report = Report {
            conversations: rows.conversations.len() as u64,
            messages: rows.messages.len() as u64,
            contacts: rows.contacts.len() as u64,
            attachments: rows.files.len() as u64,
            members: self.company.members.len() as u64,
            channels: self.company.channels.len() as u64,
        };
        let Rows { contacts, known, conversations, messages, files, reads, mails, history } = rows;
        bulk::insert(tx, &scope, &Batch { contacts, ..Batch::default() }).await?;
        for known in known {
            let address = Address { kind: known.kind, address: &known.address, said_by: &known.said_by };
            contact::add_identity(tx, &scope, address, &known.identity).await?;
        }
        bulk::insert(tx, &scope, &Batch { conversations, messages, files, reads, history, ..Batch::default() }).await?;
        for kept in mails {
            mail::insert(tx, &scope, &kept.mail, None).await?;
            let names: Vec<&str> = kept.names.iter().map(String::as_str).collect();
            mail::add_names(tx, &scope, &names, kept.message, kept.mail.channel, kept.conversation).await?;
            mail::join(tx, &scope, kept.conversation, &kept.addresses).await?;
        }
        let workspace = workspace::load(tx.conn(), &scope).await?.workspace;
        tx.emit(workspace.id, EventBody::Workspace(workspace));
        Ok(report)
    }
}

impl Store {
    async fn furnish(&self, tx: &mut Tx<'_>, scope: &Scope) -> Result<()> {
        let Company { members, teams, channels } = &self.company;
        for tag in &self.tags {
            tag::insert(tx, scope, tag).await?;
        }
        for (channel, settings) in channels {
            workspace::add_channel(tx, scope.workspace(), channel).await?;
            account::insert_sample(tx, scope, channel.id, settings).await?;
        }
        for team in teams {
            workspace::add_team(tx, scope, team).await?;
        }
        for member in members {
            workspace::add_member(tx, scope.workspace(), member).await?;
            for team in &member.teams {
                workspace::set_in_team(tx, scope, member.id, *team, true).await?;
            }
        }
        Ok(())
    }
}

/// The texts of each conversation in its file, in order. The stored sample must contain the same.
///
/// # Errors
/// When a file cannot be read.
pub fn written() -> Result<Vec<Vec<String>>> {
    let texts =
        |story: Story| story.entries.into_iter().map(|entry| entry.text).filter(|text| !text.is_empty()).collect();
    Ok(stories()?.into_iter().map(texts).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{company::MEMBERS, read::Deed, *};
    use crate::plan::{DAY, HOUR};

    /// The files in a folder beside this file.
    fn lying(folder: &str) -> BTreeSet<String> {
        let path = format!("{}/src/sample/{folder}", env!("CARGO_MANIFEST_DIR"));
        let names = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    fn listed<'n>(names: impl Iterator<Item = &'n str>, ending: &str) -> BTreeSet<String> {
        names.map(|name| format!("{name}{ending}")).collect()
    }

    #[test]
    fn every_file_is_in_the_lists_and_used() {
        assert_eq!(lying("conversations"), listed(texts::CONVERSATIONS.iter().map(|(name, _)| *name), ".txt"));
        assert_eq!(lying("layouts"), listed(texts::LAYOUTS.iter().map(|(name, _)| *name), ""));
        assert_eq!(lying("files"), listed(texts::FILES.iter().map(|(name, ..)| *name), ""));
        let stories = stories().unwrap();
        let more = || stories.iter().flat_map(|story| &story.entries).map(|entry| &entry.more);
        let files: BTreeSet<&str> =
            more().flat_map(|more| more.files.iter().chain(&more.inline)).map(String::as_str).collect();
        assert_eq!(files, texts::FILES.iter().map(|(name, ..)| *name).collect());
        let layouts: BTreeSet<&str> = more().filter_map(|more| more.html.as_deref()).collect();
        assert_eq!(layouts, texts::LAYOUTS.iter().map(|(name, _)| *name).collect());
    }

    #[test]
    fn every_conversation_can_be_read_and_somebody_of_the_company_is_in_most() {
        let stories = stories().unwrap();
        assert!(stories.len() >= 30);
        let languages: BTreeSet<&str> = stories.iter().map(|story| story.with.language.as_str()).collect();
        assert!(languages.len() >= 8 && !languages.contains(""), "{languages:?}");
        let mut answers: BTreeMap<usize, usize> = BTreeMap::new();
        for entry in stories.iter().flat_map(|story| &story.entries) {
            if let Deed::Reply(read::Who::Member(place)) | Deed::Note(read::Who::Member(place)) = entry.deed {
                *answers.entry(place).or_default() += 1;
            }
        }
        let silent = MEMBERS.iter().enumerate().filter(|(place, _)| !answers.contains_key(place));
        assert_eq!(silent.map(|(_, member)| member.first()).collect::<Vec<_>>(), ["Grete"], "who may only look");
    }

    /// At any time: also on a Sunday night, at the turn of the year, and when daylight saving time begins or ends.
    #[test]
    fn time_goes_forward_in_every_conversation_whenever_it_is_loaded() {
        let stories = stories().unwrap();
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        for (from, hours) in [("2026-03-20T00:00:00Z", 24 * 14), ("2025-12-28T00:00:00Z", 24 * 10)] {
            let from = Timestamp(from.parse::<jiff::Timestamp>().unwrap().as_millisecond());
            for now in (0..hours).map(|hour| from.plus(hour * HOUR)) {
                for story in &stories {
                    let times: Vec<Timestamp> = story.entries.iter().map(|entry| entry.when.at(now, &zone)).collect();
                    assert!(times.is_sorted(), "{} at {now:?}", story.name);
                    assert!(times.iter().all(|at| *at < now && now.0 - at.0 < 20 * DAY), "{} at {now:?}", story.name);
                }
            }
        }
    }
}
