import { expect, test } from 'vitest';
import { describePlugin, execCredentials } from '../../../../src/lib/kube/credentials/exec.ts';
import { CommandError, type RunOptions } from '../../../../src/lib/process/runner.ts';

const apiVersion = 'client.authentication.k8s.io/v1';
const plugin = { apiVersion, command: 'aws', args: ['eks', 'get-token'], interactiveMode: 'IfAvailable' };

/** A plugin that prints these, one after the other. */
const running = (...outputs: readonly (object | string | Error)[]) => {
  const runs: (RunOptions & { readonly line: string })[] = [];
  const runner = async (command: readonly string[], options: RunOptions = {}) => {
    const output = outputs[runs.length] ?? outputs[outputs.length - 1] ?? '';
    runs.push({ ...options, line: command.join(' ') });
    if (output instanceof Error) throw output;
    return { exitCode: 0, stdout: typeof output === 'string' ? output : JSON.stringify(output), stderr: '' };
  };
  return { runs, context: { runner, cluster: { server: 'https://a', config: { region: 'x' } } } };
};

const credential = (status: object, version = apiVersion) => ({ kind: 'ExecCredential', apiVersion: version, status });

test('it is run once, without a terminal, with its arguments and variables', async () => {
  const { runs, context } = running(credential({ token: 't1' }));
  const { get } = execCredentials('me', { ...plugin, env: [{ name: 'AWS_PROFILE', value: 'p' }] }, context);
  expect(await Promise.all([get(), get()])).toMatchObject([{ authorization: 'Bearer t1' }, {}]);
  expect(await get()).toMatchObject({ authorization: 'Bearer t1' });
  expect(runs).toHaveLength(1);
  expect(runs[0]).toMatchObject({ line: 'aws eks get-token', timeoutMs: 60_000, env: { AWS_PROFILE: 'p' } });
  expect(JSON.parse(runs[0]?.env?.KUBERNETES_EXEC_INFO ?? '')).toEqual({
    apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false },
  });
});

test('it is told about the cluster if it asks for that', async () => {
  const { runs, context } = running(credential({ token: 't' }));
  await execCredentials('me', { ...plugin, provideClusterInfo: true }, context).get();
  expect(JSON.parse(runs[0]?.env?.KUBERNETES_EXEC_INFO ?? '')).toMatchObject({
    spec: { cluster: { server: 'https://a', config: { region: 'x' } } },
  });
});

test('it is run again once its credentials have expired, or were refused', async () => {
  const soon = new Date(Date.now() + 1_000).toISOString();
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const { context, runs } = running(
    credential({ token: 't1', expirationTimestamp: soon }),
    credential({ token: 't2', expirationTimestamp: later }),
    credential({ token: 't3' }),
  );
  const { get, renew } = execCredentials('me', plugin, context);
  expect(await get()).toMatchObject({ authorization: 'Bearer t1' });
  expect(await Promise.all([get(), get()])).toMatchObject([
    { authorization: 'Bearer t2' },
    { authorization: 'Bearer t2' },
  ]);
  expect(renew()).toBe(true);
  expect(await get()).toMatchObject({ authorization: 'Bearer t3' });
  expect(runs).toHaveLength(3);
});

test('it may give a certificate', async () => {
  const { context } = running(credential({ clientCertificateData: 'CERT', clientKeyData: 'KEY' }));
  expect((await execCredentials('me', plugin, context).get()).certificate).toEqual({ cert: 'CERT', key: 'KEY' });
});

const commandError = (details: ConstructorParameters<typeof CommandError>[1]) => new CommandError(['aws'], details);

test.each<[string, object | string | Error, string]>([
  ['is not there', commandError({ reason: 'spawn aws ENOENT' }), 'is not there: aws'],
  ['may not be run', commandError({ reason: 'spawn aws EACCES' }), 'cannot be started: aws'],
  ['fails', commandError({ exitCode: 255, stderr: 'log in first\n' }), 'exited with 255: aws: log in first'],
  ['takes too long', commandError({ timedOut: true }), 'gave none within 60 s: aws'],
  ['prints something else', 'hello', `printed no ExecCredential of ${apiVersion}: aws`],
  ['prints another version', credential({ token: 't' }, 'client.authentication.k8s.io/v1beta1'), 'printed no Exec'],
  ['prints nothing to use', credential({}), 'printed neither token nor certificate: aws'],
  ['prints half a certificate', credential({ clientCertificateData: 'CERT' }), 'printed neither token nor'],
  ['cannot be run', new Error('EMFILE'), 'cannot be run: EMFILE'],
])('one that %s is an error of this machine, with the install hint of the kubeconfig', async (_, output, words) => {
  const { context } = running(output);
  await expect(execCredentials('me', plugin, context).get()).rejects.toMatchObject({
    id: 'environment.credential-plugin',
    message: expect.stringContaining(`the program for the credentials of user 'me' ${words}`),
    hint: expect.stringContaining('make `aws` work by hand first'),
  });
  const hinted = execCredentials('me', { ...plugin, installHint: 'get it at x.example' }, context);
  await expect(hinted.get()).rejects.toMatchObject({ hint: 'get it at x.example; kubectl runs it, too' });
});

test('a plugin that failed is run again', async () => {
  const { context } = running(new Error('EMFILE'), credential({ token: 't' }));
  const { get } = execCredentials('me', plugin, context);
  await expect(get()).rejects.toThrow('EMFILE');
  expect(await get()).toMatchObject({ authorization: 'Bearer t' });
});

test.each([
  [{ apiVersion }, 'names no command'],
  [{ ...plugin, apiVersion: 'client.authentication.k8s.io/v1alpha1' }, 'known are v1 and v1beta1'],
  [{ ...plugin, interactiveMode: 'Always' }, 'wants a terminal to ask on'],
])('%j is refused before it is run', (exec, words) => {
  const { context, runs } = running('');
  expect(() => execCredentials('me', exec, context)).toThrow(
    expect.objectContaining({ id: 'usage.kubeconfig', message: expect.stringContaining(words) }),
  );
  expect(runs).toEqual([]);
});

test('where none may be run it is said which, and nothing is run', () => {
  expect(() => execCredentials('me', plugin, undefined)).toThrow(
    expect.objectContaining({
      id: 'usage.kubeconfig',
      message: "kubeconfig: the exec plugin of user 'me' is not run here: aws eks get-token",
    }),
  );
});

test('a command line is shown without its secrets', () => {
  const args = ['get-token', '--client-secret', 's3cret', '--server-id', 'x', '--password=y', '-p', 'z'];
  expect(describePlugin({ command: 'kubelogin', args, env: [{ name: 'TOKEN', value: 's3cret' }] })).toBe(
    'kubelogin get-token --client-secret ... --server-id ... --password=... -p ...',
  );
});

test('arguments that are no text are none that can be called', () => {
  expect(describePlugin({ command: { toString: 1 }, args: [{ toString: 1 }] })).toBe('{"toString":1} ...');
});
