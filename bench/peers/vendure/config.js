// Vendure as its documentation sets up production: PostgreSQL and the DefaultSearchPlugin with its defaults. Nothing is
// slowed down: no playground, no logging, no job queue, and stock and currencies are left out of the index.
const { DefaultLogger, DefaultSearchPlugin, LogLevel } = require('@vendure/core');

exports.config = {
  apiOptions: {
    hostname: '127.0.0.1',
    port: Number(process.env.PORT || 3000),
    shopApiPlayground: false,
    adminApiPlayground: false,
  },
  authOptions: {
    tokenMethod: 'bearer',
    superadminCredentials: { identifier: 'bench', password: 'bench' },
  },
  dbConnectionOptions: {
    type: 'postgres',
    host: '127.0.0.1',
    port: Number(process.env.PGPORT),
    username: 'postgres',
    database: process.env.PGDATABASE || 'vendure',
    // Only the seed makes tables.
    synchronize: process.env.VENDURE_SYNCHRONIZE === '1',
    logging: false,
  },
  paymentOptions: { paymentMethodHandlers: [] },
  logger: new DefaultLogger({ level: LogLevel.Warn }),
  plugins: [DefaultSearchPlugin.init({ bufferUpdates: false, indexStockStatus: false })],
};
