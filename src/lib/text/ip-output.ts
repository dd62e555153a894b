import { UserError } from '../errors.ts';
import { type Fields, isFields, parseJson } from '../json.ts';

/**
 * Reads what `ip -json` prints: a list of objects; nothing at all where there is none. Throws UserError
 * `environment.machine` for anything else, such as the text of an `ip` that knows no JSON.
 */
export const parseIpOutput = (text: string): readonly Fields[] => {
  const value = text.trim() === '' ? [] : parseJson(text);
  if (Array.isArray(value)) return value.filter(isFields);
  throw new UserError(`ip -json prints ${JSON.stringify(text.slice(0, 80))}, which is no list`, {
    id: 'environment.machine',
    hint: 'install iproute2 4.14 or newer (Debian: apt-get install iproute2)',
  });
};
