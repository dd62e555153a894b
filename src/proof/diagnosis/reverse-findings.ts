import { hostAndPort } from '../../lib/host-and-port.ts';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';
import type { Finding } from '../../model/path.ts';
import type { FoundMaster } from '../probe/placeholder-master.ts';
import type { ReverseFailure } from '../probe/reverse.ts';
import { allowInHint, findLinkTo } from './host-firewall.ts';

export type BrokenReverse = {
  readonly seen: string;
  readonly master: MasterEndpoint;
  readonly found: FoundMaster;
  /** Port on which the master listens on this host; behind a tunnel, tasks dial another one. */
  readonly localPort: number;
};

type Explain = (reverse: BrokenReverse & { readonly address: string; readonly link: string | undefined }) => Finding;

/** Pods of a node on this host are turned away although something listens there for this host. */
const rejected = (link: string, { address, found, master: { port } }: Parameters<Explain>[0]): Finding => ({
  cause: `a firewall on this host rejects connections from pods to ${address}: ${found.kind === 'master' ? 'the master' : 'taskgate itself'} listens there`,
  hint: allowInHint(link, port),
});

const refusedFinding: Explain = (reverse) => {
  const { address, found, link, master } = reverse;
  if (master.via !== 'direct') {
    return {
      cause: `${master.via} end ${address} refuses connections`,
      hint: 'is the tunnel up, and bound to a public address?',
    };
  }
  // the master was found at this very address, or taskgate's placeholder listens there
  if (link) return rejected(link, reverse);
  return {
    cause: `nothing listens on ${address} for pods${found.kind === 'master' ? ', although a master listens for this host' : ''}`,
    hint: 'make the master listen on 0.0.0.0 or on that address, and check for a firewall that rejects',
  };
};

const explanations: Readonly<Record<ReverseFailure, Explain>> = {
  refused: refusedFinding,
  timeout: ({ address, link, master: { port, via } }) => ({
    cause: `packets from pods to ${address} are lost: a firewall ${via === 'direct' ? 'on this host' : 'in between'}, or no route`,
    hint: link
      ? allowInHint(link, port)
      : `allow TCP port ${port} from the pod network to ${via === 'direct' ? 'this host' : address} (ufw, firewalld, nft, cloud rules)`,
  }),
  unreachable: (reverse) =>
    // firewalld rejects so; without a route, the network itself is unreachable
    reverse.link && !reverse.seen.includes('network is unreachable')
      ? rejected(reverse.link, reverse)
      : {
          cause: `pods have no route to ${reverse.address}`,
          hint: 'give the node a route to this host, or use a tunnel',
        },
  unresolved: ({ master: { host } }) => ({
    cause: `pods cannot resolve ${host}`,
    hint: 'use an address, or a name that the DNS of the cluster resolves',
  }),
  untrusted: ({ address }) => ({
    cause: `pods do not trust the certificate at ${address}`,
    hint: 'use a certificate of a public CA, or give tasks the CA of the master',
  }),
  closed: ({ address }) => ({
    cause: `${address} accepts connections from pods and closes them`,
    hint: 'is the other end of the tunnel connected, and is the scheme (http, https) right?',
  }),
  silent: ({ address }) => ({ cause: `${address} accepts connections and sends nothing`, hint: 'check the other end' }),
  wrong: ({ address, seen }) => ({
    cause: `something other than the master answers at ${address}: ${seen}`,
    hint: 'find what else uses that address and port, and where the tunnel ends',
  }),
  unasked: ({ seen }) => ({
    cause: `the sample pod could not be told to dial: ${seen}`,
    hint: 'fix the forward hops first: the pod must run and be reachable',
  }),
};

/** Why the pod did not reach the master, and what to do. */
export const findReverse = (outcome: ReverseFailure, reverse: BrokenReverse, linkTo = findLinkTo): Finding => {
  const { found, master, localPort } = reverse;
  const address = hostAndPort(master);
  if (found.kind === 'loopback-only') {
    return {
      cause: `the master listens on loopback only (${found.seen}, port ${localPort}); pods dial ${address}`,
      hint: `make it listen on 0.0.0.0 or ${master.host}`,
    };
  }
  if (found.kind === 'foreign') {
    return {
      cause: `the program on port ${localPort} of this host is not a Determined master: ${found.seen}`,
      hint: 'stop it, or choose another master port',
    };
  }
  const link = master.via === 'direct' ? linkTo(master.host) : undefined;
  return explanations[outcome]({ ...reverse, address, link });
};
