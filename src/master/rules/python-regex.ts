/** Translates syntax of Python's `re` that JavaScript lacks: named groups, inline flags, anchors, comments. */
const asJavaScript = (regex: string): string =>
  regex
    .replace(/^\(\?[aimsuxL]+\)/, '')
    .replaceAll(/\(\?#[^)]*\)/g, '')
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll(/\\[AZ]/g, '');

/** Whether Python would compile a pattern, tested by translating it to JavaScript. */
export const isPythonRegex = (regex: string): boolean => {
  try {
    return new RegExp(asJavaScript(regex)) instanceof RegExp;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
};
