import { connect } from 'node:net';
import { isInRanges } from '../../lib/cidr.ts';
import { connectFailureOf } from '../../lib/connect-failure.ts';
import type { PublicAddress } from '../../model/master-endpoint.ts';
import type { Finding } from '../../model/path.ts';

/** The result of a call that must be refused; in the form of a negative proof's outcome. */
export type Refusal =
  | { readonly outcome: 'closed'; readonly evidence: string; readonly latencyMs: number }
  | { readonly outcome: 'open'; readonly evidence: string; readonly finding: Finding }
  | { readonly outcome: 'untried'; readonly because: string };

type Heard = { readonly isConnected: boolean; readonly bytes: number; readonly ending: string };

/** Sends what any client of a master might, and listens for the first byte. */
const call = ({ host, port }: PublicAddress, timeoutMs: number, localAddress?: string): Promise<Heard> =>
  new Promise((resolve) => {
    let isConnected = false;
    const socket = connect({ host, port, ...(localAddress && { localAddress }) });
    const end = (ending: string, bytes = 0): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ isConnected, bytes, ending });
    };
    const timer = setTimeout(() => end('silence'), timeoutMs);
    socket.on('connect', () => {
      isConnected = true;
      socket.write(`GET /info HTTP/1.1\r\nhost: ${host}:${port}\r\nconnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk) => end('an answer', chunk.length));
    socket.on('error', (error) => end(connectFailureOf(error) ?? 'reset'));
    socket.on('close', () => end('closed'));
  });

export type RefusalInput = {
  readonly address: PublicAddress;
  readonly allowFrom: readonly string[];
  /** This host's address as the tunnel sees it (a caller of its status); it must not be among the allowed ones. */
  readonly caller: string;
  /** Of this host: to call from another of its addresses than the usual one. */
  readonly localAddress?: string;
  readonly timeoutMs?: number;
};

/**
 * Proves that a tunnel refuses who is not in `tunnel.allowFrom`: this host calls its public end and must not get a byte
 * from the master. Only for plain http, as by ssh: ngrok answers a refusal itself. Tested in test/tunnel/relay/refused.test.ts.
 */
export const proveRefused = async (input: RefusalInput): Promise<Refusal> => {
  const { address, allowFrom, caller, localAddress, timeoutMs = 5_000 } = input;
  if (isInRanges(caller, allowFrom)) return { outcome: 'untried', because: `this host, ${caller}, is allowed to call` };
  const startMs = performance.now();
  const { isConnected, bytes, ending } = await call(address, timeoutMs, localAddress);
  const where = `${address.host}:${address.port}`;
  if (!isConnected) return { outcome: 'untried', because: `no connection to ${where} from here: ${ending}` };
  if (bytes === 0 && ending !== 'silence') {
    const latencyMs = Math.round(performance.now() - startMs);
    return { outcome: 'closed', evidence: `${where} was called from ${caller}: ${ending} without a byte`, latencyMs };
  }
  return {
    outcome: 'open',
    evidence: `${where} was called from ${caller}: ${ending}`,
    finding: {
      cause: `${caller} is not in tunnel.allowFrom (${allowFrom.join(', ')}), but its call is not refused`,
      hint: 'close the tunnel (taskgate tunnel down) and open it again; see its callers by taskgate tunnel status',
    },
  };
};
