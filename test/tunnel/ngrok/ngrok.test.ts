import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { messageOf } from '../../../src/lib/errors.ts';
import { ngrokTunnel } from '../../../src/tunnel/ngrok/ngrok.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

test("an agent that repeats the token of ngrok's own file: it is in no error and no log", async () => {
  const folder = await temporaryDir();
  const configFile = join(folder, 'own.yml');
  await writeFile(configFile, 'version: "3"\nagent:\n  authtoken: 2abcsecret\n');
  const said: string[] = [];
  const driver = ngrokTunnel(
    { program: 'ngrok', configFile },
    {
      ...{ folder, env: {}, onOutput: (line) => said.push(line) },
      runner: async () => ({ exitCode: 0, stdout: 'ngrok version 3.30.0', stderr: '' }),
      spawn: (_, { onLine } = {}) => {
        onLine?.('ERROR: authtoken "2abcsecret" bad ERR_NGROK_107');
        return { pid: 1, ended: new Promise<string>(() => undefined), kill: async () => undefined };
      },
    },
  );
  const signal = new AbortController().signal;
  const refused = driver.open({ localPort: 1, probe: async () => true, signal }).catch(messageOf);
  expect(await refused).toContain('authtoken "(hidden)" bad ERR_NGROK_107');
  expect(said).toEqual(['ERROR: authtoken "(hidden)" bad ERR_NGROK_107']);
});
