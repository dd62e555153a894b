import { get } from 'node:https';
import { dialHttp, type Target } from './dial.ts';
import { type MasterInfo, parseMasterInfo } from './placeholder-master.ts';

const timeoutMs = 1_000;
const longestAnswer = 100_000;

/** The answer of a master that speaks TLS. Its certificate does not matter: nothing is sent to it, and an id read. */
const getByTls = ({ host, port }: Target): Promise<string | undefined> =>
  new Promise((resolve) => {
    const end = AbortSignal.timeout(timeoutMs);
    const options = { host, port, path: '/info', agent: false, rejectUnauthorized: false, signal: end };
    get(options, (message) => {
      let text = '';
      message.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > longestAnswer) message.destroy();
      });
      message.on('end', () => resolve(text));
      message.on('error', () => resolve(undefined));
      message.on('close', () => resolve(undefined));
    }).on('error', () => resolve(undefined));
  });

/**
 * What a real master says of itself at an address, over http or https; undefined where none answers. Our own stand-in is
 * told by the nonce that it repeats: a master gives none.
 */
export const findMasterInfo = async (target: Target): Promise<MasterInfo | undefined> => {
  const plain = await dialHttp(target, timeoutMs, '/info');
  const isOther = plain.outcome === 'wrong' || plain.outcome === 'closed';
  const text = plain.outcome === 'answered' ? plain.answer : isOther ? await getByTls(target) : undefined;
  const info = text === undefined ? undefined : parseMasterInfo(text);
  return info?.nonce === undefined ? info : undefined;
};
