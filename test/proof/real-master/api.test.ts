import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import { askMaster, logLinesIn, openSession } from '../../../src/proof/real-master/api.ts';
import type { MasterAnswer, MasterHttp, MasterRequest } from '../../../src/proof/real-master/http.ts';

const { signal } = new AbortController();
const who = { username: 'admin', password: 'secret' };

/** A master that knows only the given requests, `POST /path`; keeps each with its body and token. */
const fakeMaster = (answers: Readonly<Record<string, MasterAnswer>>) => {
  const asked: (Pick<MasterRequest, 'body' | 'token'> & { line: string })[] = [];
  const http: MasterHttp = async (path, { method = 'GET', body, token }) => {
    const line = `${method} ${path}`;
    asked.push({ line, body, token });
    const answer = answers[line];
    if (!answer) throw new Error(`fakeMaster was not told about: ${line}`);
    return answer;
  };
  return { http, asked };
};

const ok = (body: unknown): MasterAnswer => ({ status: 200, text: JSON.stringify(body) });
const login = { 'POST /api/v1/auth/login': ok({ token: 'T' }) };

describe('who is there', () => {
  test('a master', async () => {
    const { http } = fakeMaster({ 'GET /info': ok({ cluster_id: 'c-1', version: '0.38.1' }) });
    expect(await askMaster(http, signal)).toEqual({ clusterId: 'c-1', version: '0.38.1' });
  });

  test.for([
    [{ status: 200, text: '<html>' }, 'proof.not-a-master'],
    [{ status: 404, text: 'page not found' }, 'proof.not-a-master'],
    [{ status: 400, text: 'Client sent an HTTP request to an HTTPS server.\n' }, 'proof.master-scheme'],
  ] as const)('%j is %s', async ([answer, id]) => {
    await expect(askMaster(fakeMaster({ 'GET /info': answer }).http, signal)).rejects.toMatchObject({ id });
  });
});

describe('a session', () => {
  test('one login; its token goes with each call', async () => {
    const { http, asked } = fakeMaster({
      ...login,
      'POST /api/v1/commands': ok({ command: { id: 'a', state: 'STATE_PENDING' } }),
      'GET /api/v1/commands/a': ok({ command: { id: 'a', state: 'STATE_RUNNING', exitStatus: '' } }),
      'GET /api/v1/tasks/a': ok({ task: { taskId: 'a', allocations: [{ allocationId: 'a.1' }] } }),
      'POST /api/v1/commands/a/kill': ok({ command: { id: 'a' } }),
      'GET /proxy/a:8000/taskgate': { status: 502, text: '' },
    });
    const api = await openSession(http, who, signal);
    expect(await api.launch({ entrypoint: ['x'] }, signal)).toEqual({
      id: 'a',
      state: 'STATE_PENDING',
      exitStatus: '',
    });
    expect(await api.find('a', signal)).toMatchObject({ state: 'STATE_RUNNING' });
    expect(await api.allocationOf('a', signal)).toBe('a.1');
    await api.kill('a', signal);
    expect(await api.proxy('a', 8000, signal)).toEqual({ status: 502, text: '' });
    expect(asked[0]).toEqual({ line: 'POST /api/v1/auth/login', body: who, token: undefined });
    expect(asked[1]).toMatchObject({ body: { config: { entrypoint: ['x'] } } });
    expect(asked.slice(1).map(({ token }) => token)).toEqual(Array(5).fill('T'));
  });

  test('a wrong password is named without the password', async () => {
    const refused = { status: 401, text: '{"error":{"code":16,"error":"invalid credentials"}}' };
    const opening = openSession(fakeMaster({ 'POST /api/v1/auth/login': refused }).http, who, signal);
    await expect(opening).rejects.toMatchObject({
      id: 'proof.master-login',
      message: 'the master refuses the login of admin: 401 invalid credentials',
    });
  });

  test.each([
    [
      { status: 200, text: '{"tokem":"v2.public.c2VjcmV0"}' },
      /answers \/api\/v1\/auth\/login with 200 and 30 characters/,
    ],
    [{ status: 200, text: '{"token":"two words"}' }, /with 200 and 21 characters/],
    [{ status: 401, text: '{"error":{"error":"no user admin with secret"}}' }, /: 401 \(47 characters\)$/],
    [{ status: 401, text: 'echo: username=admin&password=secret' }, /: 401 \(36 characters\)$/],
    [{ status: 500, text: '{"message":"v2.public.eyJpZCI6MX0abcdefghijklmnopqrstuvw"}' }, /: 500 \(58 characters\)$/],
    [{ status: 502, text: 'upstream got {"password":"secret"}' }, /gave 502 and 34 characters$/],
    [{ status: 404, text: '<html>secret' }, /gave 404 and 12 characters$/],
    [{ status: 302, text: '', location: 'https://a.example/in?password=secret' }, /to https:\/\/a\.example\/in$/],
  ])('an answer to a login is not quoted where it may have the password or a token: %j', async (answer, message) => {
    const opening = openSession(fakeMaster({ 'POST /api/v1/auth/login': answer }).http, who, signal);
    const error = await opening.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    const shown = JSON.stringify([(error as UserError).message, (error as UserError).hint]);
    expect(shown).not.toMatch(/secret|v2\.public|two words/);
  });

  test('the hint of who knows where the password came from goes before the general one', async () => {
    const refused = { 'POST /api/v1/auth/login': { status: 401, text: '{"error":{"error":"invalid credentials"}}' } };
    const opening = openSession(fakeMaster(refused).http, { ...who, passwordHint: 'it was of west' }, signal);
    await expect(opening).rejects.toMatchObject({ id: 'proof.master-login', hint: 'it was of west' });
  });

  test('pools of several clusters', async () => {
    const resourcePools = [{ name: 'east', clusterName: 'a' }, { name: 'west' }, { clusterName: 'none' }, 1];
    const { http } = fakeMaster({ ...login, 'GET /api/v1/resource-pools': ok({ resourcePools }) });
    expect(await (await openSession(http, who, signal)).pools(signal)).toEqual([
      { name: 'east', clusterName: 'a' },
      { name: 'west', clusterName: '' },
    ]);
  });

  test('a refusal names the call and the words of the master', async () => {
    const refused = { status: 404, text: '{"error":{"code":5,"error":"could not find resource pool gpu"}}' };
    const api = await openSession(fakeMaster({ ...login, 'POST /api/v1/commands': refused }).http, who, signal);
    await expect(api.launch({}, signal)).rejects.toMatchObject({
      id: 'proof.master-refused',
      message: 'POST /api/v1/commands gave 404: could not find resource pool gpu',
    });
  });
});

test('a task log is one JSON object a line', () => {
  const text = '{"result":{"log":"first\\n"}}\n{"result":{"message":"second"}}\n{"result":{}}\n';
  expect(logLinesIn(text)).toEqual(['first', 'second']);
  expect(logLinesIn('')).toEqual([]);
});
