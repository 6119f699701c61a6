// The catalogue page as ours shows it: the filters with their counts, and 24 cards. Server components only, so that no
// component is hydrated; plain links, which cost less to render than next/link.
import { FACETS, PAGE_SIZE, SORTS, search } from '../../lib/catalog';

// Rendered for every request, never kept.
export const dynamic = 'force-dynamic';

const grouped = new Intl.NumberFormat('en');

function address(params, page) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) for (const one of [value].flat()) query.append(name, one);
  query.set('page', page);
  return `/marketplace/?${query}`;
}

function Filters({ found }) {
  return (
    <form className="filters" method="get" action="/marketplace/" aria-label="Filters">
      <div className="field">
        <label className="label" htmlFor="filter-search">Search</label>
        <input className="input" id="filter-search" type="search" name="search" defaultValue={found.words} maxLength={200} />
      </div>
      {FACETS.map((facet, f) => (
        <fieldset key={facet.name}>
          <legend className="label">{facet.title}</legend>
          {Object.entries(facet.values).map(([value, title], n) => (
            <label className="option" key={value}>
              <input type="checkbox" name={facet.name} value={value} defaultChecked={Boolean(found.wanted[f] & (1 << n))} />
              <span>{title}</span>
              <span className="meta num">{grouped.format(found.counts[f][n])}</span>
            </label>
          ))}
        </fieldset>
      ))}
      <div className="field">
        <label className="label" htmlFor="filter-sort">Sort by</label>
        <select className="input" id="filter-sort" name="sort" defaultValue={found.sort}>
          {Object.entries(SORTS).map(([name, [title]]) => <option key={name} value={name}>{title}</option>)}
        </select>
      </div>
      <button className="btn btn-primary" type="submit">Apply filters</button>
    </form>
  );
}

const titleOf = (facet, row) => FACETS[facet].of(row).map(value => FACETS[facet].values[value] ?? value);

function Card({ service }) {
  const page = `/marketplace-public-offering/${service.id}/`;
  return (
    <article className="card service" data-cat={service.category} data-slug={service.slug}>
      <p className="service-kind">
        <span>{titleOf(0, service)}</span>
        <span className="meta">{titleOf(1, service)}</span>
      </p>
      <h3 className="service-name"><a href={page}>{service.name}</a></h3>
      <p className="service-tagline">{service.tagline}</p>
      <p className="meta">
        {`by ${service.providerName}`}
        {service.providerVerified ? <span className="badge">Verified</span> : null}
      </p>
      <p className="price num">{`$${service.pricePer1KTokens} per 1K tokens`}</p>
      <ul className="tags" aria-label="Features">
        <li className="num">{`${grouped.format(service.contextWindow)} context`}</li>
        {titleOf(4, service).map(name => <li key={name}>{name}</li>)}
      </ul>
      <p className="service-actions">
        <a className="btn btn-secondary" href={page}>Details<span className="sr-only">{` of ${service.name}`}</span></a>
        <a className="btn btn-ghost" href={`/resource/${service.id}/deploy/`}>
          Start using<span className="sr-only">{` ${service.name}`}</span>
        </a>
      </p>
    </article>
  );
}

export default async function Marketplace({ searchParams }) {
  const params = await searchParams;
  const found = await search(params);
  return (
    <main>
      <h1>Marketplace</h1>
      <Filters found={found} />
      <p role="status" data-total={found.total}>{`${grouped.format(found.total)} services`}</p>
      <div className="cards">
        {found.services.map(service => <Card key={service.id} service={service} />)}
      </div>
      <nav aria-label="Pages">
        {found.page > 1 ? <a href={address(params, found.page - 1)}>Previous</a> : null}
        {found.page * PAGE_SIZE < found.total ? <a href={address(params, found.page + 1)}>Next</a> : null}
      </nav>
    </main>
  );
}
