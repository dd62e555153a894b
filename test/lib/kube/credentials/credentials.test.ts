import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { credentialsOf } from '../../../../src/lib/kube/credentials/credentials.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const headersOf = (user: object) => credentialsOf('me', { ...user }, undefined).headers();
const base64 = (text: string) => Buffer.from(text).toString('base64');

test.each<[object, object]>([
  [{}, {}],
  [{ token: 't' }, { Authorization: 'Bearer t' }],
  [{ username: 'u', password: 'p' }, { Authorization: `Basic ${base64('u:p')}` }],
  [{ username: 'u' }, { Authorization: `Basic ${base64('u:')}` }],
  [
    { token: 't', as: 'jane', 'as-uid': '7', 'as-groups': ['a', 'b'], 'as-user-extra': { 'x/y': ['1', '2'] } },
    {
      Authorization: 'Bearer t',
      'Impersonate-User': ['jane'],
      'Impersonate-Uid': ['7'],
      'Impersonate-Group': ['a', 'b'],
      'Impersonate-Extra-x%2Fy': ['1', '2'],
    },
  ],
  // of a file in JSON or YAML, where a name may be anything
  [
    { as: 'j', 'as-groups': [{ toString: 1 }], 'as-user-extra': { '\ud800': [{ a: 1 }] } },
    {
      'Impersonate-User': ['j'],
      'Impersonate-Group': ['{"toString":1}'],
      'Impersonate-Extra-%EF%BF%BD': ['{"a":1}'],
    },
  ],
])('%j is sent as %j', async (user, headers) => {
  expect(await headersOf(user)).toEqual(headers);
});

test('a token file is read for each request: its content changes', async () => {
  const path = join(await temporaryDir(), 'token');
  const { headers } = credentialsOf('me', { tokenFile: path, token: 'old' }, undefined);
  for (const token of ['one', 'two\n']) {
    await writeFile(path, token);
    expect(await headers()).toEqual({ Authorization: `Bearer ${token.trim()}` });
  }
  await rm(path);
  await expect(headers()).rejects.toMatchObject({
    id: 'usage.kubeconfig',
    message: expect.stringContaining(`cannot read the token file ${path}: ENOENT`),
  });
});

test('a certificate and its key are read', async () => {
  const [cert, key] = ['CERTIFICATE', 'PRIVATE KEY'].map((what) => `-----BEGIN ${what}-----\n`);
  const user = { 'client-certificate-data': base64(cert ?? ''), 'client-key-data': base64(key ?? '') };
  expect(await credentialsOf('me', user, undefined).certificate()).toEqual({ cert, key });
  expect(credentialsOf('me', user, undefined).renew()).toBe(false);
});

test.each([
  [{ 'client-key-data': 'what?' }, "client-key-data of user 'me' is no PEM text in base64"],
  [{ 'auth-provider': { name: 'gcp' } }, "user 'me' has an auth-provider, which kubectl has not known since v1.26"],
  [{ exec: { command: 'aws' } }, "the exec plugin of user 'me' is not run here: aws"],
])('%j is refused', (user, words) => {
  expect(() => credentialsOf('me', user, undefined)).toThrow(
    expect.objectContaining({ id: 'usage.kubeconfig', message: expect.stringContaining(words) }),
  );
});

test.each([
  [{ token: 's3cret\nb' }, 'Authorization'],
  [{ token: 't', as: 'Łukasz' }, 'Impersonate-User'],
  [{ token: 't', as: 'a', 'as-groups': ['b', 'c\r\nx: y'] }, 'Impersonate-Group'],
])('what no header can have is told before it is sent, without its value: %j', async (user, header) => {
  const failure = await headersOf(user).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    id: 'usage.kubeconfig',
    message: `kubeconfig: user 'me' has a character in ${header} that no HTTP header can have, such as a line break`,
    hint: 'write the token, or the name, again on one line',
  });
});
