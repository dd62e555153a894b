import { parseAllDocuments, parseDocument, stringify } from 'yaml';

const placeholder = /\$\{([A-Za-z]\w*)\}/g;

/**
 * Fills `${name}` placeholders. Throws for a placeholder without a value and for a value without a placeholder: in both
 * cases template and caller do not match.
 */
export const render = (template: string, values: Readonly<Record<string, string | number>>): string => {
  const used = new Set<string>();
  const text = template.replace(placeholder, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`template has \${${name}} but no value was given`);
    used.add(name);
    return String(value);
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`template has no placeholder for: ${unused.join(', ')}`);
  return text;
};

/** Parses one YAML document. Throws yaml's error with line and column. */
export const parseYaml = (text: string): unknown => {
  const document = parseDocument(text, { prettyErrors: true, logLevel: 'error' });
  const [error] = document.errors;
  if (error) throw error;
  return document.toJS();
};

/** Parses a stream of YAML documents, without empty ones (comments only). */
export const parseYamlStream = (text: string): readonly unknown[] =>
  parseAllDocuments(text, { logLevel: 'error' }).flatMap((document) => {
    if (!('contents' in document)) return [];
    const [error] = document.errors;
    if (error) throw error;
    const value: unknown = document.toJS();
    return value === null ? [] : [value];
  });

/**
 * Writes YAML that readers of YAML 1.1 (Determined's master, Python's PyYAML) read the same:
 * strings such as `no`, `on`, `1_000` or `0o17` are quoted.
 */
export const renderYaml = (value: unknown): string => stringify(value, { compat: 'yaml-1.1', lineWidth: 0 });
