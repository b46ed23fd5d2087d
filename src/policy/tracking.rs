//! Parameters that say where a visitor came from, and change nothing in the page: the one list of them.
//!
//! Each name, but for TikTok's `ttclid`, stands in at least one of two public lists: Brave's query filter
//! (brave-core, `components/query_filter/utils.cc`) and the Varnish configuration that Magento writes
//! (magento2, `app/code/Magento/PageCache/etc/varnish6.vcl`). Left out of those is what may well be an
//! application's own (`cx`, `customid`, `s_cid`, `pk_*` as a whole), and what a page needs to answer rightly
//! (`mkt_tok`, by which a mailing list knows who unsubscribes).

/// Names of parameters; one that ends in `*` stands for all that begin so.
pub const TRACKING: &[&str] = &[
    // Campaigns, by hand or by Urchin, Matomo and their like.
    "utm_*",
    "matomo_*",
    "mtm_*",
    "piwik_*",
    "pk_campaign",
    "pk_keyword",
    "pk_kwd",
    // Google.
    "_ga",
    "_gl",
    "dclid",
    "gad_*",
    "gbraid",
    "gclid",
    "gclsrc",
    "srsltid",
    "wbraid",
    // Other networks' clicks.
    "_openstat",
    "epik",
    "fbclid",
    "igshid",
    "msclkid",
    "ScCid",
    "ttclid",
    "twclid",
    "wickedid",
    "yclid",
    // Mailings and customer databases.
    "__hsfp",
    "__hssc",
    "__hstc",
    "_bta_*",
    "_hsenc",
    "_ke",
    "_kx",
    "dm_i",
    "hsa_*",
    "mc_cid",
    "mc_eid",
    "oly_anon_id",
    "oly_enc_id",
    "vero_conv",
    "vero_id",
    // Bid management and links of applications.
    "_branch_match_id",
    "ef_id",
    "s_kwcid",
];

#[cfg(test)]
mod tests {
    use super::super::names::Names;
    use super::*;

    #[test]
    fn the_list_is_one_that_a_configuration_could_have() {
        Names::new(TRACKING.iter().copied()).unwrap();
    }
}
