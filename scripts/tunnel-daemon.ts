import { keepTunnels } from '../src/daemon/main.ts';

const [specPath = ''] = process.argv.slice(2);
await keepTunnels(specPath, process.env);
process.exit();
