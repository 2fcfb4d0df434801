// What somebody pastes or drops: words go into the text field, as the browser does it; what has none is a file.

/**
 * The files of a paste or a drop, if there is nothing to read beside them. Cells of a spreadsheet come as text and as a picture of it: they
 * are text. A file dragged from a folder has its own address as text on some systems: it is a file.
 * @param {DataTransfer | null} data
 * @returns {File[]}
 */
export function filesAlone(data) {
  if (!data?.files.length) return [];
  const text = data.getData('text/plain');
  return text.split(/[\r\n]+/).some((line) => line.trim() && !/^file:/i.test(line.trim())) ? [] : [...data.files];
}
