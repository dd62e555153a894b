import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostAlias, type SshServer } from '../../../scripts/testbed/sshd.ts';
import type { Tethered } from '../../../src/lib/process/tethered.ts';

/** Another program of the server holds the port, for one family of addresses alone. */
export const occupy = ({ run }: SshServer, host: '0.0.0.0' | '::', port = 8080): Promise<Tethered> =>
  run(
    `require('node:net').createServer((socket) => socket.end('other')).listen({ host: '${host}', port: ${port}, ipv6Only: true }, () => console.log('up'))`,
  );

/** The client goes to the server by way of the same server under another name, whose options these are. */
export const addJumpHost = async ({ clientConfig }: SshServer, options = ''): Promise<void> => {
  const jump = (await readFile(clientConfig, 'utf8')).replace(hostAlias, 'jump-host');
  await appendFile(clientConfig, `  ProxyJump jump-host\n${jump}  ${options}\n`);
};

/** The user knows the server by one of the keys that were made for it. */
export const knowHost = async ({ dir, address }: SshServer, key: 'host_key' | 'user_key'): Promise<void> => {
  const [type, text] = (await readFile(join(dir, `${key}.pub`), 'utf8')).split(' ');
  await writeFile(join(dir, 'known_hosts'), `# mine\n${address} ${type} ${text}\n`);
};
