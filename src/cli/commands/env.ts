import { openInstance } from '../../steps/open-instance.ts';
import { type CommandInput, contextOf, print, readConfig } from '../command.ts';

const quote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

/** Prints what a shell needs to use an instance, for `eval`. */
export const env = async (input: CommandInput): Promise<void> => {
  const { config } = await readConfig(input);
  const { instance, gateway, master } = await openInstance(contextOf(config, input));
  const values = {
    KUBECONFIG: `${instance.dir}/kubeconfig`,
    TASKGATE_NAME: config.name,
    GATEWAY_IP: gateway.address,
    GATEWAY_NAME: gateway.name,
    GATEWAY_NAMESPACE: gateway.namespace,
    GATEWAY_PORT_RANGE_START: String(gateway.portRange.start),
    GATEWAY_PORT_RANGE_END: String(gateway.portRange.end),
    DET_MASTER: `${master.scheme}://${master.host}:${master.port}`,
    MASTER_CONFIG: `${instance.dir}/master.yaml`,
    DEVCLUSTER_CONFIG: `${instance.dir}/devcluster.yaml`,
  };
  if (input.flags.json) return print(JSON.stringify(values, null, 2));
  print(
    Object.entries(values)
      .map(([name, value]) => `export ${name}=${quote(value)}`)
      .join('\n'),
  );
};
