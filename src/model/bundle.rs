//! Bundles: layers that a network repeats, written once as `[[bundle]]` and named by the `op` of a layer.

use super::checked::MAX_LAYERS;
use super::raw::{RawBundle, RawLayer, RawNetwork};
use crate::config::{Source, Spanned};
use crate::error::Result;
use crate::ops;

/// Replaces each layer whose `op` is a bundle by the bundle's layers.
///
/// Layer `l` of bundle instance `b` is called `b_l`; it reads the layer before it, the instance's own `input` when it is the first, or
/// what it names: a layer of the bundle, else of the network. The instance's `channels` go to the layers that make channels
/// and give none themselves. Another layer reads what the instance makes by the name of the bundle's last layer.
///
/// # Errors
/// When a bundle is empty, has the name of an operation or of another bundle, or an instance has keys that bundles do not take.
pub(super) fn expand(source: &Source, raw: &mut RawNetwork) -> Result<()> {
    let bundles = std::mem::take(&mut raw.bundle);
    for (i, bundle) in bundles.iter().enumerate() {
        let name = bundle.name.get_ref();
        if ops::by_layer_name(name).is_some() {
            return Err(source.error_at(&bundle.name, "a bundle has the name of an operation").hint("give it a name of its own"));
        }
        if bundles[..i].iter().any(|b| b.name.get_ref() == name) {
            return Err(source.error_at(&bundle.name, "two bundles have this name"));
        }
        if bundle.layer.is_empty() {
            return Err(source.error_at(&bundle.name, "the bundle has no layers").hint("add [[bundle.layer]] tables below it"));
        }
        for (k, layer) in bundle.layer.iter().enumerate() {
            source.one_of("op", &layer.op, &ops::layer_names())?;
            if bundle.layer[..k].iter().any(|l| l.name.get_ref() == layer.name.get_ref()) {
                return Err(source.error_at(&layer.name, "two layers of the bundle have this name"));
            }
        }
    }
    let mut layers = Vec::with_capacity(raw.layer.len());
    for layer in std::mem::take(&mut raw.layer) {
        match bundles.iter().find(|b| b.name.get_ref() == layer.op.get_ref()) {
            Some(bundle) => layers.extend(instance(source, bundle, layer)?),
            None if bundles.is_empty() => layers.push(layer),
            None => {
                let bundled = bundles.iter().map(|b| b.name.get_ref().as_str());
                source.one_of("op", &layer.op, &ops::layer_names().into_iter().chain(bundled).collect::<Vec<_>>())?;
                layers.push(layer);
            }
        }
        if layers.len() > MAX_LAYERS {
            break; // Refused by the checks that follow.
        }
    }
    raw.layer = layers;
    Ok(())
}

fn instance(source: &Source, bundle: &RawBundle, of: RawLayer) -> Result<Vec<RawLayer>> {
    let prefixed = |name: &Spanned<String>| Spanned::new(of.name.span(), format!("{}_{}", of.name.get_ref(), name.get_ref()));
    let inside = |name: &Spanned<String>| match bundle.layer.iter().any(|l| l.name.get_ref() == name.get_ref()) {
        true => prefixed(name),
        false => name.clone(),
    };
    let mut unused = RawLayer { input: None, inputs: None, channels: None, ..of.clone() };
    if of.channels.is_some() && !bundle.layer.iter().any(takes_channels) {
        unused.channels = of.channels.clone();
    }
    let taken = ["name", "op"];
    if let Some((key, span)) = unused.present_keys().into_iter().find(|(key, _)| !taken.contains(key)) {
        let error = source.error_at(&Spanned::new(span, ()), format!("`{key}` is not a key of this bundle's layers"));
        return Err(error.allowed("name, op, input, inputs; channels, where a layer of the bundle leaves them open"));
    }
    let expanded = bundle.layer.iter().enumerate().map(|(i, template)| {
        let mut layer = template.clone();
        layer.name = prefixed(&template.name);
        layer.input = template.input.as_ref().map(inside);
        layer.inputs = template.inputs.as_ref().map(|all| Spanned::new(all.span(), all.get_ref().iter().map(inside).collect()));
        if i == 0 && layer.input.is_none() && layer.inputs.is_none() {
            (layer.input, layer.inputs) = (of.input.clone(), of.inputs.clone());
        }
        if takes_channels(template) {
            layer.channels = of.channels.clone();
        }
        layer
    });
    Ok(expanded.collect())
}

/// Whether a bundle's layer leaves its channels to the instance.
pub(crate) fn takes_channels(layer: &RawLayer) -> bool {
    let makes = ops::by_layer_name(layer.op.get_ref()).is_some_and(|e| e.keys.contains(&"channels"));
    makes && layer.channels.is_none() && layer.op.get_ref() != "depthwise"
}
