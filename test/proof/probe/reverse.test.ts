import { expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import { startPlaceholder } from '../../../src/proof/probe/placeholder-master.ts';
import { askPod, dialMaster, dialQuery, outcomeOf } from '../../../src/proof/probe/reverse.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';
import { answerAsPod, freePort, httpServer, localPod, masterAt } from '../../support/proof/local-path.ts';

const host = '127.0.0.1';
const ask = (path: string, query: Readonly<Record<string, string>>) => answerAsPod(path, new URLSearchParams(query));
const reverse = (port: number) => ({ ask, master: masterAt(port), ownPort: 8080 });

test.each([
  ['Get "http://10.98.0.1:8080/info": dial tcp 10.98.0.1:8080: connect: connection refused', 'refused'],
  ['dial tcp: lookup no.such.invalid on 10.98.0.2:53: server misbehaving', 'unresolved'],
  ['host and/or port param are invalid. lookup x: no such host', 'unresolved'],
  ['dial tcp 10.98.0.77:8081: connect: no route to host', 'unreachable'],
  ['context deadline exceeded (Client.Timeout exceeded while awaiting headers)', 'timeout'],
  ['dial tcp 10.98.0.1:8080: i/o timeout', 'timeout'],
  ['tls: failed to verify certificate: x509: certificate signed by unknown authority', 'untrusted'],
  ['Get "http://x/": EOF', 'closed'],
  ['read: connection reset by peer', 'closed'],
  ['malformed HTTP response', 'wrong'],
])('%s is %s', (text, outcome) => {
  expect(outcomeOf(text)).toBe(outcome);
});

test('an address is dialed at once; a name or https through a redirect, with Host and TLS', () => {
  expect(dialQuery(masterAt(8080, '10.98.0.1'), 'n', 80)).toEqual({
    ...{ host: '10.98.0.1', port: '8080', protocol: 'http', tries: '1', request: 'info?nonce=n' },
  });
  expect(dialQuery({ ...masterAt(443, 'a.ngrok.app'), scheme: 'https' }, 'n', 80)).toMatchObject({
    host: '127.0.0.1',
    port: '80',
    request: 'redirect?location=https%3A%2F%2Fa.ngrok.app%3A443%2Finfo%3Fnonce%3Dn',
  });
  expect(dialQuery({ ...masterAt(443, '2001:db8::1'), scheme: 'https' }, 'n', 80).request).toBe(
    'redirect?location=https%3A%2F%2F%5B2001%3Adb8%3A%3A1%5D%3A443%2Finfo%3Fnonce%3Dn',
  );
  expect(dialQuery(masterAt(8080, 'host.minikube.internal'), 'n', 80).host).toBe('127.0.0.1');
});

test('proves the stand-in by nonce and by the caller it saw', async () => {
  const placeholder = await startPlaceholder({ host, port: await freePort() });
  const dialed = await dialMaster({ ...reverse(placeholder.target.port), found: { kind: 'none' }, placeholder });
  await placeholder.close();
  expect(dialed).toMatchObject({
    outcome: 'answered',
    evidence: 'nonce came back; the placeholder master saw the call from 127.0.0.1',
  });
});

test('an answer that the stand-in did not give is wrong', async () => {
  const placeholder = await startPlaceholder({ host, port: await freePort() });
  await using other = await httpServer('{"version":"1","cluster_id":"c","nonce":"old"}');
  const dialed = await dialMaster({ ...reverse(other.port), found: { kind: 'none' }, placeholder });
  await placeholder.close();
  expect(dialed).toMatchObject({ outcome: 'wrong', seen: expect.stringContaining('"nonce":"old"') });
});

test('an answer with another nonce is wrong, even where the stand-in saw the call', async () => {
  const placeholder = await startPlaceholder({ host, port: await freePort() });
  const old = '{"responses":["{\\"version\\":\\"1\\",\\"cluster_id\\":\\"c\\",\\"nonce\\":\\"old\\"}"]}';
  const askAndAnswerOld = async (path: string, query: Readonly<Record<string, string>>) => {
    await ask(path, query);
    return old;
  };
  const dialed = await dialMaster({
    ...{ ...reverse(placeholder.target.port), ask: askAndAnswerOld },
    ...{ found: { kind: 'none' }, placeholder },
  });
  expect(placeholder.callers.size).toBe(1);
  await placeholder.close();
  expect(dialed).toMatchObject({ outcome: 'wrong', seen: expect.stringContaining('"nonce":"old"') });
});

test('proves a real master by its cluster id', async () => {
  await using master = await httpServer('{"version":"0.38.1","cluster_id":"c1"}');
  const found = { kind: 'master', version: '0.38.1', clusterId: 'c1' } as const;
  expect(await dialMaster({ ...reverse(master.port), found, placeholder: undefined })).toMatchObject({
    outcome: 'answered',
    evidence: 'master 0.38.1, cluster id c1, the same as seen from this host',
  });
  const other = { ...found, clusterId: 'c2' };
  expect(await dialMaster({ ...reverse(master.port), found: other, placeholder: undefined })).toMatchObject({
    outcome: 'wrong',
  });
});

test('tells what the pod met, and that it could not be asked', async () => {
  const nobody = { ...reverse(await freePort()), found: { kind: 'none' }, placeholder: undefined } as const;
  expect(await dialMaster(nobody)).toMatchObject({ outcome: 'refused' });
  const mute = async () => Promise.reject(new UserError('no way to the pod', { id: 'proof.unasked' }));
  expect(await dialMaster({ ...nobody, ask: mute })).toEqual({ outcome: 'unasked', seen: 'no way to the pod' });
  const bug = async () => Promise.reject(new TypeError('bug'));
  await expect(dialMaster({ ...nobody, ask: bug })).rejects.toThrow('bug');
});

test('asks through the gateway when the API server does not carry it', async () => {
  await using pod = await localPod();
  const { kube } = fakeKube();
  const refusing = { ...kube, text: async () => Promise.reject(refusal(403, 'Forbidden', 'pods/proxy is forbidden')) };
  const place = { namespace: 'default', name: 'sample-1', port: 8080 };
  expect(await askPod(refusing, place, { host, port: pod.port })('/echo', { msg: 'hello' })).toBe('hello');
  await expect(askPod(refusing, place, { host, port: await freePort() })('/echo', {})).rejects.toMatchObject({
    id: 'proof.unasked',
    message: expect.stringMatching(
      /^through the API server: pods\/proxy is forbidden; through the gateway: .*ECONNREFUSED/,
    ),
  });
});

test('asks the pod by the path of the API server’s proxy', async () => {
  const { kube } = fakeKube({ texts: { '/api/v1/namespaces/team/pods/sample-1:8080/proxy/dial': 'answer' } });
  const place = { namespace: 'team', name: 'sample-1', port: 8080 };
  expect(await askPod(kube, place, { host, port: 1 })('/dial', {})).toBe('answer');
});
