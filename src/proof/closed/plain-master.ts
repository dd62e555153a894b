import { askPod, dialQuery, parseDialAnswer } from '../probe/reverse.ts';
import { podPorts } from '../sample-task/task.ts';
import type { ClosedCheck, ClosedContext, ClosedOutcome } from './closed.ts';

const [{ podPort: ownPort }] = podPorts;

const finding = {
  cause: 'something on the way ends TLS, or the master speaks http on the same port',
  hint: 'tokens and passwords cross the way in clear text: look at what listens at the address that tasks dial',
};

/** What Go's HTTP client says once it is connected; of an address that it did not reach nothing is known. */
const connected = /Get "[^"]*": (?!dial )/;

/** The pod dials the address of the master by plain http: no page may come back. */
const dialPlain = async ({ kube, task, podName, gateway, master }: ClosedContext): Promise<ClosedOutcome> => {
  const [{ listenerPort } = { listenerPort: 0 }] = task.exposures;
  const through = { host: gateway.address, port: listenerPort };
  const ask = askPod(kube, { ...task, name: podName, port: ownPort }, through);
  const answer = await ask('/dial', dialQuery({ ...master, scheme: 'http' }, 'plain', ownPort));
  const { body: page, error } = parseDialAnswer(answer);
  if (page?.includes('cluster_id')) return { outcome: 'open', evidence: page.slice(0, 80), finding };
  const seen = (page ?? error ?? 'no answer').slice(0, 120);
  if (page === undefined && !connected.test(error ?? '')) {
    return { outcome: 'untried', because: `the pod did not reach it: ${seen}` };
  }
  return { outcome: 'closed', evidence: `no page: ${seen}` };
};

/** What answers tasks by TLS must not answer them without it. */
export const plainMaster = (address: string): ClosedCheck => ({
  ...{ from: 'pod by plain http', to: `master at ${address}`, attempt: dialPlain },
});
