import { hostAndPort } from '../../lib/host-and-port.ts';
import { HttpError, httpRequest, readBytes } from '../../lib/http/http.ts';
import { dialHttp, type HostPort } from './dial.ts';
import { type MasterInfo, parseMasterInfo } from './placeholder-master.ts';

const timeoutMs = 1_000;
const longestAnswerBytes = 100_000;

/** The answer of a master that speaks TLS. Its certificate is not checked: nothing is sent, and only an id is read. */
const getByTls = async (target: HostPort): Promise<string | undefined> => {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const options = { signal, rejectUnauthorized: false, redirect: 'manual' } as const;
    const response = await httpRequest(`https://${hostAndPort(target)}/info`, options);
    return (await readBytes(response, signal, longestAnswerBytes)).toString();
  } catch (error) {
    if (error instanceof HttpError || signal.aborted) return undefined;
    throw error;
  }
};

/**
 * The `/info` of a real master at an address, over http or https; undefined if none answers. The placeholder master is
 * recognised by the nonce that it repeats: a real one sends none.
 */
export const findMasterInfo = async (target: HostPort): Promise<MasterInfo | undefined> => {
  const plain = await dialHttp(target, timeoutMs, '/info');
  const isOther = plain.outcome === 'wrong' || plain.outcome === 'closed';
  const text = plain.outcome === 'answered' ? plain.answer : isOther ? await getByTls(target) : undefined;
  const info = text === undefined ? undefined : parseMasterInfo(text);
  return info?.nonce === undefined ? info : undefined;
};
