import type { RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { dialSpdy, openSession, type SpdySession } from './session.ts';

/** One that carries nothing is kept so long for the next connection, which then costs one round trip and no handshake. */
const keepMs = 20_000;
const mostIdle = 32;

type Idle = { readonly session: SpdySession; readonly timer: NodeJS.Timeout };

export type Target = { readonly url: string; readonly options: () => Promise<RequestOptions> };

/** Opens connections to ports of pods; `url` is that of a pod's port-forward. Throws UpgradeRefused. */
export const makePool = () => {
  const idle = new Map<string, Idle[]>();
  const drop = (url: string, session: SpdySession): void => {
    const left = idle.get(url)?.filter((one) => one.session !== session) ?? [];
    if (left.length > 0) idle.set(url, left);
    else idle.delete(url);
  };
  const keep = (url: string, session: SpdySession): void => {
    const all = idle.get(url) ?? [];
    if (all.length >= mostIdle) {
      session.close();
      return;
    }
    const timer = setTimeout(() => session.close(), keepMs);
    timer.unref();
    idle.set(url, [...all, { session, timer }]);
  };
  const takeIdle = (url: string): SpdySession | undefined => {
    const last = idle.get(url)?.at(-1);
    if (!last) return undefined;
    clearTimeout(last.timer);
    drop(url, last.session);
    return last.session;
  };
  const openNew = async ({ url, options }: Target): Promise<SpdySession> => {
    const { socket, head } = await dialSpdy(url, await options());
    const session: SpdySession = openSession(socket, head, {
      onIdle: () => keep(url, session),
      onEnd: () => drop(url, session),
    });
    return session;
  };
  return async (target: Target, port: number): Promise<Duplex> => {
    for (let kept = takeIdle(target.url); kept; kept = takeIdle(target.url)) {
      const stream = await kept.open(port).catch(() => undefined);
      if (stream) return stream;
    }
    return (await openNew(target)).open(port);
  };
};
