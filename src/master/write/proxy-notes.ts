import { withoutPasswords } from '../../lib/redact.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Ends = { readonly gateway?: GatewayEndpoint | undefined; readonly master?: MasterEndpoint | undefined };

const names = ['HTTP_PROXY', 'HTTPS_PROXY'] as const;

/**
 * A proxy of this shell is not one of the tasks: the line of master.yaml that gives it to them, without what must not go through
 * it. The master's own requests to tasks follow its environment (Go's ReverseProxy).
 */
export const proxyNotes = (env: Env, { gateway, master }: Ends): readonly string[] => {
  const set = names.flatMap((name) => {
    const value = env[name] || env[name.toLowerCase()];
    return value ? [`${name}=${withoutPasswords(value)}`] : [];
  });
  const [first] = set;
  if (first === undefined || !gateway || !master) return [];
  const variables = [...set, `NO_PROXY=localhost,127.0.0.1,${master.host}`];
  const line = `environment_variables: [${variables.map((one) => `"${one}"`).join(', ')}]`;
  return [
    `${first.split('=')[0]} is set here, and tasks do not see it; if they need it, write below task_container_defaults of master.yaml: ${line}; start the master with NO_PROXY=${gateway.address}`,
  ];
};
