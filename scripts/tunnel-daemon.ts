import { runTunnelDaemon } from '../src/daemon/main.ts';

const [specPath = ''] = process.argv.slice(2);
await runTunnelDaemon(specPath, process.env);
process.exit();
