import type { MasterEndpoint } from '../../model/master-endpoint.ts';
import type { Finding } from '../../model/path.ts';
import type { FoundMaster } from '../probe/placeholder-master.ts';
import type { ReverseFailure } from '../probe/reverse.ts';

export type BrokenReverse = {
  readonly seen: string;
  readonly master: MasterEndpoint;
  readonly found: FoundMaster;
  /** Port on which the master listens on this host; behind a tunnel not the one that tasks dial. */
  readonly localPort: number;
};

type Explain = (reverse: BrokenReverse & { readonly address: string }) => Finding;

const refusedFinding: Explain = ({ address, found, master: { via } }) =>
  via === 'direct'
    ? {
        cause: `nothing listens on ${address} for pods${found.kind === 'master' ? ', though a master does for this host' : ''}`,
        hint: 'let the master listen on 0.0.0.0 or on that address, and look for a firewall that rejects',
      }
    : { cause: `${via} end ${address} refuses connections`, hint: 'is the tunnel up, and bound to a public address?' };

const explanations: Readonly<Record<ReverseFailure, Explain>> = {
  refused: refusedFinding,
  timeout: ({ address, master: { port, via } }) => ({
    cause: `packets from pods to ${address} get lost: a firewall ${via === 'direct' ? 'on this host' : 'in between'}, or no route`,
    hint: `allow TCP port ${port} from the pod network to ${via === 'direct' ? 'this host' : address} (ufw, firewalld, nft, cloud rules)`,
  }),
  unreachable: ({ address }) => ({
    cause: `pods have no route to ${address}`,
    hint: 'give the node a route to this host, or use a tunnel',
  }),
  unresolved: ({ master: { host } }) => ({
    cause: `pods cannot resolve ${host}`,
    hint: 'use an address, or a name that the DNS of the cluster knows',
  }),
  untrusted: ({ address }) => ({
    cause: `pods do not trust the certificate at ${address}`,
    hint: 'use a certificate of a public CA, or give tasks the CA of the master',
  }),
  closed: ({ address }) => ({
    cause: `${address} accepts connections from pods and closes them`,
    hint: 'is the far end of the tunnel connected, and is the scheme (http, https) right?',
  }),
  silent: ({ address }) => ({ cause: `${address} accepts connections and says nothing`, hint: 'look at the far end' }),
  wrong: ({ address, seen }) => ({
    cause: `something other than the master answers at ${address}: ${seen}`,
    hint: 'look at what else uses that address and port, and where the tunnel leads',
  }),
  unasked: ({ seen }) => ({
    cause: `the sample pod could not be asked to dial: ${seen}`,
    hint: 'mend the forward hops first: the pod must run and be reachable',
  }),
};

/** Why the pod did not reach the master, with what to do. */
export const findReverse = (outcome: ReverseFailure, reverse: BrokenReverse): Finding => {
  const { found, master, localPort } = reverse;
  const address = `${master.host}:${master.port}`;
  if (found.kind === 'loopback-only') {
    return {
      cause: `the master listens on loopback only (${found.seen}, port ${localPort}); pods dial ${address}`,
      hint: `let it listen on 0.0.0.0 or ${master.host}`,
    };
  }
  if (found.kind === 'foreign') {
    return {
      cause: `what listens on port ${localPort} of this host is no Determined master: ${found.seen}`,
      hint: 'stop it, or choose another master port',
    };
  }
  return explanations[outcome]({ ...reverse, address });
};
