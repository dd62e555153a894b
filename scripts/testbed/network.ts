import { randomBytes, randomInt } from 'node:crypto';
import { type Command, execaRunner } from '../../src/lib/process/runner.ts';

/** A network namespace with one link to the host's network. */
export type Network = {
  readonly name: string;
  readonly hostAddress: string;
  /** The namespace's own address, as the host and what it forwards for dial it. */
  readonly address: string;
  /** Puts a command into the namespace. */
  readonly inside: (command: Command) => Command;
  /** Cuts the link at the namespace's end, as a broken cable would, or restores it. */
  readonly setLink: (state: 'up' | 'down') => Promise<void>;
  readonly remove: () => Promise<void>;
};

const ip = (...args: readonly string[]) => execaRunner(['ip', ...args]);

/** Two addresses of 198.18.0.0/15, which RFC 2544 keeps for tests. */
const chooseAddresses = () => {
  const base = 4 * randomInt(2 ** 15);
  const addressOf = (host: number) => `198.${18 + (base >> 16)}.${(base >> 8) & 255}.${(base & 255) + host}`;
  return { hostAddress: addressOf(1), address: addressOf(2) };
};

/** Makes a namespace with a name and addresses of its own; needs root. */
export const makeNetwork = async (): Promise<Network> => {
  const name = `tgssh-${randomBytes(4).toString('hex')}`;
  const { hostAddress, address } = chooseAddresses();
  const inside = (command: Command): Command => ['ip', 'netns', 'exec', name, ...command];
  const setLink = async (state: 'up' | 'down') => {
    await execaRunner(inside(['ip', 'link', 'set', 'eth0', state]));
    // its routes went with the link
    if (state === 'up') await execaRunner(inside(['ip', 'route', 'replace', 'default', 'via', hostAddress]));
  };
  const remove = async () => {
    await ip('netns', 'delete', name); // the link goes with it, once the last process in it has ended
    await ip('link', 'delete', name).catch(() => undefined);
  };
  await ip('netns', 'add', name);
  try {
    await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    await ip('address', 'add', `${hostAddress}/30`, 'dev', name);
    await ip('link', 'set', name, 'up');
    await execaRunner(inside(['ip', 'address', 'add', `${address}/30`, 'dev', 'eth0']));
    await execaRunner(inside(['ip', 'link', 'set', 'lo', 'up']));
    await setLink('up');
  } catch (error) {
    await remove();
    throw error;
  }
  return { name, hostAddress, address, inside, setLink, remove };
};
