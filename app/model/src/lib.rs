//! The product's words as types, and its pure rules. Nothing here uses a database, a socket, a clock or a browser.

mod act;
mod arrange;
mod audit;
mod capabilities;
mod case;
mod closing;
mod contact;
mod content;
mod conversation;
mod day;
mod error;
mod event;
mod filter;
mod history;
mod ids;
mod inbox;
mod keys;
mod links;
mod listing;
mod mail;
mod mail_account;
mod message;
mod notice;
mod presence;
mod recipients;
mod reduce;
mod rights;
mod saved_view;
mod search;
mod sort;
mod storage;
mod sweep;
mod tag;
mod tally;
mod text_enum;
mod thread;
mod undo;
mod unseen;
mod workspace;

pub use act::{Act, Seen};
pub use arrange::{arrange, window_of};
pub use audit::{AuditEvent, AuditLine, AuditPage};
pub use capabilities::{AddressKind, Capabilities, ChannelKind, Format, HandOver, SetUp};
pub use case::{lower, plain, upper};
pub use closing::{BlockedPage, BlockedSender, CloseReason, LastWords, MOST_KEPT_REASONS, MOST_REASONS, Reason};
pub use contact::{Contact, ContactField, FieldError, LeadStatus};
pub use content::{Compose, Content};
pub use conversation::{
    AiMode, Category, ConversationState, FollowUp, Pen, Presence, Slot, Status, Tab, Trigger, Unanswered,
};
pub use day::{Day, NoDay};
pub use error::ApiError;
pub use event::{EventBody, LiveBody, LiveEvent, LiveSetChange, Logged, MOST_IN_A_SET, SetChange, ViewChange};
pub use filter::{Assignee, Count, Filter, Handling, MOST_VALUES, Span};
pub use history::FactKind;
pub use ids::{
    AgentId, AttachmentId, BlockId, ChannelId, ContactId, ConversationId, IdentityId, InviteId, JobId, MailId,
    MemberId, MessageId, SavedViewId, SessionId, TabId, TeamId, Timestamp, UndoId, WorkspaceId,
};
pub use inbox::{ConversationRow, Counts, Facts, InboxPage, Placement, Preview, PreviewBy, View};
pub use keys::{KeyCommand, Keys};
pub use links::{Link, Piece, linkify};
pub use listing::{Listing, Period};
pub use mail::{Card, Folds, FrameHeight, Look, MailChoice, MailHead, MailOutcome, answer_subject};
pub use mail_account::{
    AccountState, ChannelHealth, CheckStep, CheckedStep, EmailSettings, FolderCounts, Host, Security, StepOutcome,
};
pub use message::{Attachment, Delivery, DeliveryState, Entry, Line, Message, Sender, TEXT_LIMIT};
pub use notice::{
    MOST_MENTIONS, MOST_NOTICES, Mention, Mentioned, Notice, NoticeKind, NoticeKinds, NoticePage, NoticeSwitches,
    SeenNotices, mention_pieces,
};
pub use presence::{Doing, Here, Somebody, hear, told_again, told_of};
pub use recipients::{Answer, Difference, Mailbox, Own, Parties, Recipients, recipients};
pub use reduce::{Changed, InboxState, ListPart, RowAhead, ThreadPart, WorkspacePart};
pub use rights::{Access, Needs, Permission, Role, Visibility};
pub use saved_view::{Audience, MOST_VIEWS, SavedView, ViewIcon};
pub use search::{
    Around, Condition, Ignored, MOST_OPERATORS, MOST_SEARCHED, MOST_TERMS, MessageConditions, MessageHit, Names,
    Operator, PersonHit, Query, SearchCursor, SearchPage, SearchText, Snippet, SnippetPart, SnippetPiece, Term, Who,
    Why, with_times,
};
pub use sort::{Cursor, Group, Sort};
pub use storage::{Space, Storage, StorageFault};
pub use sweep::{SweepEnd, SweepProgress};
pub use tag::{MOST_IN_WORKSPACE, MOST_TAGS, Tag, TagColor, TagFilter, TagId, Tags};
pub use tally::Tally;
pub use text_enum::UnknownText;
pub use thread::{Draft, DraftMode, Thread};
pub use undo::Undone;
pub use unseen::{is_emoji, is_filler, is_unseen, visible_name};
pub use workspace::{Bootstrap, Channel, Me, Member, Team, Workspace};
