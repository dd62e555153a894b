import { expect, test } from 'vitest';
import { type AgentTools, startAgent } from '../../../src/tunnel/ngrok/process.ts';

/** An agent that has printed what `read` is given. */
const agentWith = (more: Partial<AgentTools> = {}) => {
  const said: string[] = [];
  let read: (line: string) => void = () => undefined;
  const tools: AgentTools = {
    spawn: (_, { onLine = read } = {}) => {
      read = onLine;
      return { pid: 1, ended: new Promise<string>(() => undefined), kill: async () => undefined };
    },
    runner: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
    ...{ env: {}, folder: '/', onOutput: (line) => said.push(line), ...more },
  };
  const agent = startAgent(['ngrok'], tools, new AbortController().signal);
  return { agent, said, log: (record: object) => read(JSON.stringify(record)) };
};

const failure = (err: string) => ({ lvl: 'eror', msg: 'failed to reconnect session', err });
const session = { lvl: 'info', msg: 'client session established' };
const tooMany = failure('limited to 1 agent session. ERR_NGROK_108');
const revoked = failure('your authtoken was revoked. ERR_NGROK_107');

test.for([
  ['after a session of its own', [tooMany, session, revoked]],
  ['right behind one that passes', [tooMany, revoked]],
] as const)('an agent that was up ends at the first code that is final: %s', async ([, records]) => {
  const { agent, log } = agentWith();
  agent.expect({ scheme: 'https', host: 'tasks.example', port: 443 });
  for (const record of records) log(record);
  // what it is judged by has no other code in it
  expect(await agent.ended).toBe('your authtoken was revoked. ERR_NGROK_107');
});

test('one that was not up names its newest code as the reason', async () => {
  const { agent, log } = agentWith();
  log(failure('dial tcp: i/o timeout'));
  log(revoked);
  expect(await agent.ended).toBe('your authtoken was revoked. ERR_NGROK_107');
});

test('failures are over with the session that follows them', () => {
  const { agent, log } = agentWith();
  log(failure('dial tcp: i/o timeout'));
  expect(agent.failures()).toBe('dial tcp: i/o timeout');
  log(session);
  expect(agent.failures()).toBe('');
});

test.for([
  ['authtoken "2abcsecret" bad', 'authtoken "(hidden)" bad'],
  ['authtoken 2abcsecret is not one', 'authtoken (hidden) is not one'],
] as const)("a token of ngrok's own file is hidden in any words: %s", ([words, shown]) => {
  const { agent, said, log } = agentWith({ secrets: ['2abcsecret', 'short'] });
  log(failure(`${words}, in short`));
  expect(agent.failures()).toBe(`${shown}, in short`);
  expect(said.join()).not.toContain('2abcsecret');
  expect(agent.session()).toContain('(hidden)');
});
