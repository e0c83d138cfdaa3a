import { kubeTools } from './kube-tools.ts';

// Before the tests, so that none of them waits for a download.
const { helm, kubectl } = await kubeTools();
console.log(`${helm}\n${kubectl}`);
