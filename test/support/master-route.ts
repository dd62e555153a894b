import type { MasterRouteSettings } from '../../src/tunnel/endpoint.ts';

export type Given = {
  readonly master?: Partial<MasterRouteSettings['master']>;
  readonly ssh?: Partial<MasterRouteSettings['ssh']>;
  readonly ngrok?: MasterRouteSettings['ngrok'];
  readonly gateway?: Partial<MasterRouteSettings['gateway']>;
  readonly allowPublic?: boolean;
  readonly allowFrom?: readonly string[];
};

/** The default settings of the route to the master, but for what is given. */
export const settings = ({
  master,
  ssh,
  ngrok,
  gateway,
  allowPublic = false,
  allowFrom,
}: Given = {}): MasterRouteSettings => ({
  master: { reach: 'auto', scheme: 'http', tls: false, ...master },
  ssh: { bindAddress: '0.0.0.0', ...ssh },
  ngrok: { ...ngrok },
  tunnel: { allowPublic, allowFrom },
  gateway: { reach: 'auto', forwardAddress: '127.0.0.1', ...gateway },
});
