import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findOldAgent, judgeTunnels, parseAddress } from '../../src/tunnel/ngrok/agent.ts';
import { finalNgrokErrors, findNgrokTrouble, ngrokError, withoutToken } from '../../src/tunnel/ngrok/errors.ts';
import { startAgent } from '../../src/tunnel/ngrok/process.ts';
import { mutatedJson, mutatedText, secretText } from '../support/properties/mutations.ts';
import { expectNoLeak, shownOf } from '../support/properties/promises.ts';
import { property } from '../support/properties/property.ts';
import * as seeds from '../support/properties/seeds.ts';
import { refused } from '../support/properties/shares.ts';

const signal = new AbortController().signal;
const runner = async () => ({ exitCode: 0, stdout: '', stderr: '' });

/** An agent whose lines are what it is given, and all that it says of them. */
const fakeAgent = () => {
  const said: string[] = [];
  let onLine: (line: string) => void = () => undefined;
  const child = { pid: 1, ended: new Promise<string>(() => undefined), kill: async () => undefined };
  const spawn = (_: unknown, options: { readonly onLine?: (line: string) => void } = {}) => {
    onLine = options.onLine ?? onLine;
    return child;
  };
  const tools = { spawn, runner, env: {}, folder: '/', onOutput: (line: string) => void said.push(line) };
  const agent = startAgent(['ngrok'], tools, signal);
  return { agent, said, read: (line: string) => onLine(line) };
};

property('ngrok: lines of its log', fc.array(mutatedJson(...seeds.ngrokLines), { maxLength: 4 }), async (lines) => {
  const { agent, read } = fakeAgent();
  agent.expect({ scheme: 'https', host: 'a', port: 443 });
  for (const line of lines) read(line);
  const { said, read: again } = fakeAgent();
  for (const line of lines) again(line);
  assert.equal(said.length, lines.length);
});

property(
  'ngrok: answers of its API',
  mutatedJson(...seeds.ngrokTunnels),
  (text) => {
    const judged = judgeTunnels(text, 8080);
    if (typeof judged === 'string') return refused;
    return assert.ok(judged.host !== '' && judged.port > 0 && judged.port < 65_536);
  },
  { accepts: 0.14 },
);

property(
  'ngrok: its version and addresses',
  mutatedText('ngrok version 3.30.0', 'https://a.ngrok.app', 'tcp://1.tcp.ngrok.io:1'),
  (text) => {
    findOldAgent(text);
    const address = parseAddress(text);
    if (address === undefined) return refused;
    return assert.ok(address.host !== '' && Number.isInteger(address.port));
  },
  { accepts: 0.1, good: ['https://a.ngrok.app', 'tcp://1.tcp.ngrok.io:1'] },
);

const secretForms = [
  `authtoken: ${secretText}`,
  `authtoken=${secretText}`,
  `{"authtoken":"${secretText}"}`,
  `authtoken: '${secretText}'`,
  `--authtoken ${secretText}`,
  `NGROK_AUTHTOKEN=${secretText}`,
  `The authtoken you specified is properly formed, but it is invalid.\r\nYour authtoken: ${secretText}\r\n\r\nERR_NGROK_107`,
  `proxy http://user:${secretText}@proxy:3128/ refused`,
];

property(
  'ngrok: no token in what is shown',
  fc.record({ before: fc.string(), form: fc.constantFrom(...secretForms), after: fc.string() }),
  ({ before, form, after }) => {
    const text = `${before.replaceAll(/[@"'\\]/g, '')} ${form} ${after}`;
    expectNoLeak(secretText, shownOf(ngrokError(text)));
    if (form.includes('//')) return refused;
    expectNoLeak(secretText, withoutToken(text));
    const { agent, said, read } = fakeAgent();
    read(JSON.stringify({ lvl: 'eror', msg: 'failed', err: text }));
    read(`ERROR: ${text}`);
    expectNoLeak(secretText, said, agent.failures());
    return undefined;
  },
  { accepts: 0.54 },
);

const final = [105, 107, 302, 319, 123, 8013];
property(
  'ngrok: a code that is final is so in any text around it',
  fc.record({
    code: fc.constantFrom(...final),
    before: mutatedText('session closed', 'dial tcp: i/o timeout'),
    after: fc.string(),
  }),
  ({ code, before, after }) => {
    const text = `${before.replaceAll('ERR_NGROK', '')} ERR_NGROK_${code} ${after}`;
    assert.ok(finalNgrokErrors.includes(findNgrokTrouble(text)?.id ?? 'none.none'));
    assert.ok(finalNgrokErrors.includes(ngrokError(text).id));
  },
);
