// What somebody pastes or drops: words go into the text field, as the browser does it; what has none is a file.

/**
 * The files of a paste or a drop, if there is nothing to read beside them. Cells of a spreadsheet come as text and as a picture of it: they
 * are text. A file copied or dragged has its name, path or address as text, as the system has it: it is a file. The inbox goes by the same
 * rule (app/src/components/composer/files.rs).
 * @param {DataTransfer | null} data
 * @returns {File[]}
 */
export function filesAlone(data) {
  if (!data?.files.length) return [];
  const files = [...data.files];
  const known = new Set(lines([data.getData('text/uri-list'), ...files.map((file) => file.name)].join('\n')));
  const isWords = (line) => line && !/^file:/i.test(line) && !known.has(line.replace(FOLDER, ''));
  return lines(data.getData('text/plain')).some(isWords) ? [] : files;
}

/** What stands before the name in an absolute path. */
const FOLDER = /^(?:[a-z]:|~)?[\\/](?:.*[\\/])?/i;

/** Letters with marks are written in two ways, and a file's name and the text may differ in it. */
const lines = (text) => text.normalize().split(/[\r\n]/).map((line) => line.trim());
