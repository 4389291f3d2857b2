// What pages see that bring no template of their own, in the class names and hooks of udata-js.

export const templates: Record<string, string> = {
  datasetsForm: `<form class="datasetsForm" role="search" action=""><input type="search" name="q" value="{{q}}" placeholder="{{_ "search"}}" aria-label="{{_ "search"}}">
{{#ifCount orgs ">" 1}}<select name="organizations" aria-label="{{_ "organizations"}}"><option value="">–</option>{{#each orgs}}<option value="{{id}}"{{#ifCond id "==" ../organization}} selected{{/ifCond}}>{{name}}</option>{{/each}}</select>{{/ifCount}}
<button type="submit">{{_ "search"}}</button>
<div class="selected_facets">{{#each tags}}<a href="#" class="tag" data-removeTag="{{this}}">{{this}} <span aria-hidden="true">×</span></a> {{/each}}{{#each chosen}}<a href="#" data-removeParam="{{name}}">{{_ name}} : {{value}} <span aria-hidden="true">×</span></a> {{/each}}</div></form>`,
  datasets: `<div class="result-count" role="status">{{total}} {{_ "datasets"}}</div>
{{#if sortTypes}}<div class="result-sort"><label>{{_ "sort"}} <select name="sort">{{#each sortTypes}}<option value="{{id}}"{{#ifCond id "==" ../sort}} selected{{/ifCond}}>{{_ id}}</option>{{/each}}</select></label> <a href="#" class="sortdirection" role="button" aria-label="{{_ "direction"}}">{{#if sortDesc}}↓{{else}}↑{{/if}}</a></div>{{/if}}
<div class="uData-results{{#unless facets}}-full{{/unless}}"><ul class="search-results">{{#each data}}<li class="search-result dataset-result" data-dataset="{{id}}">
<div class="result-logo"><img src="{{placeholder logo "organization"}}" alt="" width="60" height="60" loading="lazy"></div>
<div class="result-body"><h4 class="result-title"><a href="{{page}}" data-dataset="{{id}}">{{title}}</a></h4><div class="result-description">{{mdshort description 128}}</div>
<ul class="result-infos">{{#if organization}}<li>{{organization.name}}</li>{{/if}}<li>{{dt last_modified}}</li>{{#if resources}}<li>{{_ "resources"}} : {{resources.length}}</li>{{/if}}</ul></div></li>{{/each}}</ul>{{paginate page total page_size}}</div>
{{#if facets}}<div class="uData-facets">{{#each facets}}<div class="facet-panel"><div class="facet-panel-heading">{{_ name}}</div><ul>{{#each values}}<li><a href="#" data-add{{../hook}}="{{value}}">{{label}} <small>{{count}}</small></a></li>{{/each}}</ul></div>{{/each}}</div>{{/if}}`,
  dataset: `<div class="dataset"><div class="dataset-info">{{md description}}</div><ul class="resources-list">{{#each resources}}{{{li}}}{{/each}}</ul>
<div class="meta"><p class="producer">{{organization.name}}</p><p class="info">{{license}}</p><p class="tags">{{taglist tags}}</p></div></div>`,
  li_resource: `<li><a href="{{latest}}" data-id="{{id}}">{{title}}</a> <small>{{uppercase format}}</small></li>`,
  shareLink: `<div class="uData-shareLink"><label>URL <input type="text" readonly value="{{url}}"></label></div>`,
};
