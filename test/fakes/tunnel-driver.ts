import type { PublicAddress } from '../../src/model/master-endpoint.ts';
import type { OpenInput, OpenTunnel, TunnelDriver } from '../../src/tunnel/tunnel.ts';

export const address: PublicAddress = { scheme: 'http', host: 'tunnel.example', port: 4000 };

/** A run of a fake tunnel: `drop` ends its program. */
export type FakeRun = OpenTunnel & { readonly drop: (how: string) => void; readonly isClosed: () => boolean };

type Opening = PublicAddress | Error | 'hangs';

/** A tunnel that opens as it is told, run by run; the last one holds for all further runs. */
export const fakeDriver = (openings: readonly Opening[], finalIds: readonly string[] = []) => {
  const runs: FakeRun[] = [];
  const asked: OpenInput[] = [];
  const open = async (input: OpenInput): Promise<OpenTunnel> => {
    const opening = openings[Math.min(asked.length, openings.length - 1)];
    asked.push(input);
    if (opening instanceof Error) throw opening;
    if (opening === 'hangs' || !opening) {
      return new Promise((_, reject) => {
        input.signal.addEventListener('abort', () => reject(input.signal.reason));
      });
    }
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    let isClosed = false;
    const close = async () => {
      isClosed = true;
      resolve('was closed');
    };
    runs.push({ address: opening, ended, close, drop: resolve, isClosed: () => isClosed });
    return { address: opening, ended, close };
  };
  const driver: TunnelDriver = {
    kind: 'ssh',
    target: 'ssh fake.example',
    open,
    isFinal: ({ id }) => finalIds.includes(id),
    findOriginator: async () => undefined,
  };
  return { driver, runs, asked };
};
