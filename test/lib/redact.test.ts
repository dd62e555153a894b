import { expect, test } from 'vitest';
import { UserError } from '../../src/lib/errors.ts';
import { withoutPasswords, withoutValues } from '../../src/lib/redact.ts';

test.each([
  ['https://me:secret@host/files', 'https://***@host/files'],
  ['https://token@host', 'https://***@host'],
  ['http://me:sec@ret@host/x@y', 'http://***@host/x@y'],
  ['"http://me:se\\"cret@host"', '"http://***@host"'],
  ['{"a":"http://host","b":"me@host"}', '{"a":"http://host","b":"me@host"}'],
  ['a https://u:secret@a/ and ssh://u:secret@b', 'a https://***@a/ and ssh://***@b'],
  ['https://host/files@v1', 'https://host/files@v1'],
  ['https://host?mail=me@host', 'https://host?mail=me@host'],
  ['http://u:p/w@h', 'http://***@h'],
  ['http://u:p?w@h/x', 'http://***@h/x'],
  ['http://u:#pw@h', 'http://***@h'],
  ['https://u:p@ss@h', 'https://***@h'],
  ['http://u:p\\w@h', 'http://***@h'],
  // a password may begin like a port, so what may be one is none
  ['https://host:8443/@scope/name', 'https://***@scope/name'],
  ['https://u:12/secret@h', 'https://***@h'],
  ['https://user:443?x@h', 'https://***@h'],
  ['https://u:1#x@h/y', 'https://***@h/y'],
  ['https://[::1]:80/secret@h', 'https://***@h'],
  ['https://[::1]/x@y', 'https://[::1]/x@y'],
  ['https://host:8443/path', 'https://host:8443/path'],
  ['http://a:p@h1,http://b:p@h2', 'http://***@h1,http://***@h2'],
  ['http://h1:80/x,https://b:p@h2,direct', 'http://h1:80/x,https://***@h2,direct'],
  ['http://a:12/p@h1,http://h2', 'http://***@h1,http://h2'],
  ['http://u:p,q@h', 'http://***@h'],
  ['http://u:p,x://secret@h', 'http://***@h'],
  ['http://h/?next=http://u:secret@i/x', 'http://h/?next=http://***@i/x'],
  ['//&\\ http://u:secret@h', '//&\\ http://***@h'],
  ['C:\\dir\\ http://u:secret@h', 'C:\\dir\\ http://***@h'],
  ['http://u:,secret://@h', 'http://***@h'],
  ['no url', 'no url'],
])('%s is shown as %s', (text, expected) => expect(withoutPasswords(text)).toBe(expected));

test('no error for the user repeats the password of a URL, whatever it quotes', () => {
  const { message } = new UserError('proxyconnect http://ci:secret@proxy: refused', { id: 'usage.x' });
  expect(message).toBe('proxyconnect http://***@proxy: refused');
});

test.each([
  ['eks get-token --cluster-name prod', 'eks get-token --cluster-name ...'],
  ['--client-secret S3CR3T --token abc -p pw', '--client-secret ... --token ... -p ...'],
  ['--client-secret=S3CR3T -pS3CR3T -password=y', '--client-secret=... -p... -password=...'],
  ['get-token S3CR3T more', 'get-token ... ...'],
  ['one two correct horse', 'one two ... ...'],
  ['- -- --- env=S3CR3T', '... ... ... ...'],
  ['', '...'],
])('arguments %j are shown as %j', (args, shown) => expect(withoutValues(args.split(' ')).join(' ')).toBe(shown));
