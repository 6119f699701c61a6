export default {
  // The addresses are ours, and ours end with a slash.
  trailingSlash: true,
  poweredByHeader: false,
  // Nobody compresses in this bench.
  compress: false,
  // The build shares the machine.
  experimental: { cpus: 1 },
};
