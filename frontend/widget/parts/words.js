// Every word a visitor can read inside the chat, in one place, so that a translation is one more object.

export const words = {
  messages: 'Messages',
  online: 'Online',
  typing: 'Somebody is typing…',
  away: 'Away',
  close: 'Close chat',
  connecting: 'Connecting…',
  offline: 'You are offline. Messages will be sent when you are back.',
  unavailable: 'This chat is not available at the moment.',

  today: 'Today',
  yesterday: 'Yesterday',
  earlier: 'Show earlier messages',
  earlierLoading: 'Loading earlier messages…',
  earlierFailed: 'Earlier messages could not be loaded. Try again',
  newMessages: 'New messages',

  sending: 'Sending…',
  sent: 'Sent',
  waiting: 'Not sent yet',
  sendNow: 'Try now',
  notSent: 'Not sent',
  tryAgain: 'Try again',
  edit: 'Edit',

  write: 'Write a message',
  send: 'Send',
  attach: 'Attach files',
  drop: 'Drop files to attach them',
  remove: (name) => `Remove ${name}`,
  uploading: 'Uploading…',
  uploadWaits: 'Waiting for the connection…',
  uploadFailed: 'Could not be attached',
  sendsAfterUpload: 'Your message will be sent when the upload is done.',
  fixUploads: 'Remove the file that could not be attached, then send.',
  tooLarge: (limit) => `Too large, the limit is ${limit}`,
  tooMany: (limit) => `A message can have at most ${limit} files.`,

  name: 'Name',
  email: 'E-mail',
  optional: 'optional',
  whoHint: 'So we can reply if you leave.',
  badEmail: 'Enter a valid e-mail address, or leave it empty.',

  picture: (name) => `Open picture ${name}`,
  download: (name) => `Download ${name}`,
  downloading: 'Downloading…',
  downloadFailed: 'Could not be loaded. Try again',

  /** What to do about a message that the server will never take as it is, by HTTP status. */
  refused: {
    400: 'The message was not accepted. Change it and send it again.',
    401: 'The message was not accepted. Reload the page and try again.',
    403: 'This chat does not accept messages from you.',
    404: 'This chat is no longer available.',
    409: 'The message conflicts with another one. Send it again.',
    413: 'The message is too long. Send it in parts.',
    422: 'The message was not accepted. If it has files, attach them again.',
  },
  refusedOther: 'The message was not accepted.',
};

/** Dates are written in the language of the words, in the visitor's own regional habit if there is one. */
export const locale = navigator.languages?.find((tag) => tag.startsWith('en')) ?? 'en';
