// Tested in test/lib/kube/watch.test.ts and test/properties/kube.test.ts
import { UserError } from '../errors.ts';
import { type Fields, isFields, itemsOf, parseJson } from '../json.ts';
import type { KubeObject } from './types.ts';

/** Lists of whole clusters have a few MB. */
const longestAnswer = 64 * 2 ** 20;
/** One object; etcd takes 1.5 MB. */
const longestLine = 8 * 2 ** 20;

export const strange = (what: string): UserError =>
  new UserError(`the API server ${what}`, {
    id: 'cluster.api',
    hint: 'does something else answer at its address, such as a login page or a proxy?',
  });

/** An answer of the API server, which an attached cluster may have replaced. Throws UserError `cluster.api`. */
export const parseAnswer = (text: string): Fields => {
  const value = parseJson(text);
  if (isFields(value)) return value;
  throw strange(`answers ${JSON.stringify(text.slice(0, 80))}, which is no JSON object`);
};

export const isObject = (value: unknown): value is KubeObject =>
  isFields(value) &&
  isFields(value.metadata) &&
  typeof value.metadata.name === 'string' &&
  (value.metadata.namespace === undefined || typeof value.metadata.namespace === 'string');

/** An answer that must be one object. Throws UserError `cluster.api` for another. */
export const verifyObject = (answer: Fields): KubeObject => {
  if (isObject(answer)) return answer;
  throw strange(`answers ${JSON.stringify(answer).slice(0, 80)}, which is no object of Kubernetes`);
};

/** The objects of a list. Throws UserError `cluster.api` for another answer. */
export const objectsIn = ({ items }: Fields): readonly KubeObject[] => {
  // Go writes an empty list as null
  if (items !== null && !Array.isArray(items)) throw strange('answers a list without items');
  return itemsOf(items).filter(isObject);
};

/** The whole text of a body. Throws UserError `cluster.api` for one that does not fit into memory. */
export const readText = async (stream: AsyncIterable<Uint8Array> | null): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestAnswer) throw strange(`sent more than ${longestAnswer / 2 ** 20} MB`);
  }
  return text + decoder.decode();
};

/** The lines of a body, as they come. Throws UserError `cluster.api` for a line that is too long for an object. */
export async function* readLines(stream: AsyncIterable<Uint8Array> | null): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter(Boolean);
    if (rest.length > longestLine) throw strange(`sent a line of more than ${longestLine / 2 ** 20} MB`);
  }
}
