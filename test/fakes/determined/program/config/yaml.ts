/** How the master reads its file: YAML 1.1 by Go's yaml, then viper, which lower-cases keys and loses what is empty. */
import { parseDocument, type ScalarTag } from 'yaml';
import { type Fields, isFields } from '../../../../../src/lib/json.ts';

/** Go reads `0o17` as a number; the yaml package does so in YAML 1.2 only. */
const octal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?0o[0-7]+$/,
  resolve: (text) => Number(text.replace('+', '')),
};

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (isFields(value) && Object.keys(value).length === 0);

/** Keys in lower case, without null and without empty maps: neither `x: {}` nor `x:` reaches the master. In lists maps stay as they are. */
const throughViper = (value: unknown): unknown => {
  if (!isFields(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key.toLowerCase(), throughViper(inner)] as const);
  return Object.fromEntries(entries.filter(([, inner]) => !isEmpty(inner)));
};

/** The fields of a `master.yaml`. Throws an Error with the master's words for a text that is no map. */
export const readMasterYaml = (text: string): Fields => {
  const document = parseDocument(text, { version: '1.1', customTags: (tags) => [octal, ...tags], logLevel: 'silent' });
  const [trouble] = document.errors;
  if (trouble) throw new Error(`error unmarshal yaml configuration file: yaml: ${trouble.message.split('\n')[0]}`);
  const value: unknown = document.toJS();
  if (isEmpty(value)) return {};
  if (!isFields(value)) {
    const kind = Array.isArray(value) ? 'array' : typeof value;
    throw new Error(
      `error unmarshal yaml configuration file: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`,
    );
  }
  return throughViper(value) as Fields;
};
