/** What Python's `re` writes otherwise than JavaScript: named groups, inline flags, anchors, comments. */
const asJavaScript = (regex: string): string =>
  regex
    .replace(/^\(\?[aimsuxL]+\)/, '')
    .replaceAll(/\(\?#[^)]*\)/g, '')
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll(/\\[AZ]/g, '');

/** Whether Python would compile a pattern, as far as JavaScript can tell. */
export const isPythonRegex = (regex: string): boolean => {
  try {
    return new RegExp(asJavaScript(regex)) instanceof RegExp;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
};
