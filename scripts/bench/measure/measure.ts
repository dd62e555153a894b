import { findArtifacts } from '../artifacts.ts';
import type { BenchContext } from '../context.ts';
import { defaultLimit, unmodifiedLimit } from '../listener-limits.ts';
import type { PartName } from '../parts.ts';
import type { Measurements } from '../results.ts';
import { measureForward } from './forward/forward.ts';
import { measureHeldConnection } from './held-connection.ts';
import { measureHelp, measureLifecycle } from './lifecycle.ts';
import { measureListeners } from './listeners.ts';
import { measureMinikube } from './minikube/minikube.ts';
import { type Server, startServer } from './server.ts';
import { measureSsh } from './ssh/ssh.ts';
import { measureTraffic } from './traffic.ts';

/** A native instance of its own for one purpose, removed afterwards whatever happens. */
const withInstance = async <T>({ taskgate, say }: BenchContext, listenerLimit: number, use: () => Promise<T>) => {
  say(`starting an instance with listenerLimit ${listenerLimit}`);
  try {
    await taskgate.up({ TASKGATE_GATEWAY_LISTENER_LIMIT: String(listenerLimit) });
    return await use();
  } finally {
    await taskgate.down();
  }
};

const getGateway = async ({ taskgate }: BenchContext) => {
  const { gateway, cluster } = await taskgate.record();
  if (!gateway || !cluster) throw new Error('the instance has no Gateway');
  return { gateway, cluster };
};

const withServer = <T>(context: BenchContext, listenerLimit: number, use: (server: Server) => Promise<T>) =>
  withInstance(context, listenerLimit, async () => {
    const { gateway } = await getGateway(context);
    return use(await startServer(await context.taskgate.kube(), gateway, context.signal));
  });

type Found = Partial<Measurements>;

const lifecycle = async (context: BenchContext): Promise<Found> => {
  const helpMs = await context.attempt('--help', () => measureHelp(context));
  const lives = await measureLifecycle(context);
  return { ...(helpMs && { helpMs }), ...(lives && { lifecycle: lives }) };
};

const listeners = async (context: BenchContext): Promise<Found> => {
  const { quick, attempt, say } = context;
  const usual = await withServer(context, defaultLimit, async (server) => {
    say('an open connection while listeners come and go');
    const held = await attempt('open connection', () => measureHeldConnection(server, context));
    const sizes = quick ? [1, 50] : [1, 50, 200];
    const times = await measureListeners(server, { listenerLimit: defaultLimit, sizes }, context);
    return { ...(held && { held }), listeners: times };
  });
  if (quick) return usual;
  const lower = await attempt('lower listenerLimit', () =>
    withServer(context, unmodifiedLimit, (server) =>
      measureListeners(server, { listenerLimit: unmodifiedLimit, sizes: [50, 200] }, context),
    ),
  );
  return { ...usual, listeners: [...usual.listeners, ...(lower ?? [])] };
};

const traffic = (context: BenchContext): Promise<Found> =>
  withServer(context, defaultLimit, async (server) => ({ traffic: await measureTraffic(server, context) }));

const forward = (context: BenchContext): Promise<Found> =>
  withInstance(context, defaultLimit, async () => {
    const { quick, signal, say, taskgate } = context;
    const { kubectl } = (await findArtifacts(signal)).binaries;
    const place = { kube: await taskgate.kube(), ...(await getGateway(context)) };
    const masterPort = (await taskgate.record()).settings?.master?.port ?? 0;
    return { forward: await measureForward({ ...place, kubectl, masterPort, quick, signal, say }) };
  });

/** What measures each part. */
export const measurements: Readonly<Record<PartName, (context: BenchContext) => Promise<Found>>> = {
  lifecycle,
  listeners,
  traffic,
  ssh: async (context) => ({ ssh: await measureSsh(context) }),
  forward,
  minikube: async (context) => ({ minikube: await measureMinikube(context) }),
};
