//! What a user reads when a network file is wrong: each message in full.

use bico::model::{LoadOptions, load, load_text};
use safetensors::tensor::{Dtype, TensorView, serialize};

const HEAD: &str = "name = \"n\"
[input]
channels = 3
height = 8
width = 8
format = { bits = 8, frac = 8, signed = false }
[quantise]
random_weights_seed = 1
";

fn message(layers: &str) -> String {
    load_text(&format!("{HEAD}{layers}"), None, "n", LoadOptions::default()).unwrap_err().to_string()
}

#[track_caller]
fn expect(layers: &str, wanted: &str) {
    assert_eq!(message(layers), wanted, "\nfor\n{layers}");
}

#[test]
fn unknown_words_come_with_a_suggestion() {
    expect(
        "[[layer]]\nname = \"a\"\nop = \"depthwize\"\nkernel = 3\n",
        "n/network.toml:11: unknown `op`\n  value:   \"depthwize\"\n  allowed: conv, depthwise, pointwise, max_pool, avg_pool, \
         global_avg_pool, add, concat, space_to_depth, upsample, fully_connected, activation\n  try:     did you mean `depthwise`?",
    );
    let unknown_key = message("[[layer]]\nname = \"a\"\nop = \"conv\"\nkernal = 3\n");
    assert!(unknown_key.starts_with("n/network.toml:12: unknown key `kernal` in `layer`\n  allowed: name, op,"), "{unknown_key}");
    assert!(unknown_key.ends_with("try:     did you mean `kernel`?"), "{unknown_key}");
    expect(
        "[[layer]]\nname = \"a\"\nop = \"pointwise\"\nchannels = 4\nactivation = \"relu5\"\n",
        "n/network.toml:13: unknown value `relu5` in `layer.activation`\n  allowed: none, relu, relu4, relu6, relu8, { clip = NUMBER }, { leaky = INTEGER }\n  try:     did you mean `relu`?",
    );
    expect(
        "[[layer]]\nname = \"first\"\nop = \"activation\"\n[[layer]]\nname = \"b\"\nop = \"activation\"\ninput = \"frist\"\n",
        "n/network.toml:15: no earlier layer has this name\n  value:   \"frist\"\n  try:     did you mean `first`?",
    );
}

#[test]
fn values_out_of_range_are_quoted_at_their_line() {
    expect(
        "[[layer]]\nname = \"a\"\nop = \"pointwise\"\nchannels = 0\n",
        "n/network.toml:12: `channels` is out of range\n  value:   0\n  allowed: 1 to 65536",
    );
    expect(
        "[[layer]]\nname = \"a\"\nop = \"conv\"\nchannels = 4\nkernel = [3, -1]\n",
        "n/network.toml:13: `kernel` is out of range\n  value:   [3, -1]\n  allowed: 1 to 1024",
    );
    expect(
        "[[layer]]\nname = \"a\"\nop = \"conv\"\nchannels = 4\nkernel = 2.5\n",
        "n/network.toml:13: wrong value for `layer.kernel`\n  value:   2.5\n  allowed: an integer or [rows, columns]",
    );
    expect(
        "[[layer]]\nname = \"a\"\nop = \"activation\"\nfeatures = { bits = 17 }\n",
        "n/network.toml:12: `bits` is out of range\n  value:   17\n  allowed: 1 to 16",
    );
    expect(
        "[[layer]]\nname = \"a\"\nop = \"activation\"\nactivation = { clip = nan }\n",
        "n/network.toml:12: `clip` is out of range\n  value:   { clip = nan }\n  allowed: 0.000001 to 1000000",
    );
}

#[test]
fn layers_that_do_not_fit_are_named() {
    expect("[[layer]]\nname = \"a\"\nop = \"pointwise\"\n", "n/network.toml:10: layer `a` (pointwise): missing key `channels`");
    expect(
        "[[layer]]\nname = \"a\"\nop = \"depthwise\"\nkernel = 9\n",
        "n/network.toml:10: layer `a` (depthwise): the window is larger than the padded input\n  value:   kernel 9x9, dilation 1x1, \
         padding top 0 bottom 0 left 0 right 0, input 3x8x8\n  try:     enlarge padding or take a smaller kernel",
    );
    expect(
        "[[layer]]\nname = \"a\"\nop = \"add\"\n",
        "n/network.toml:10: layer `a`: number of operands of add\n  value:   1\n  allowed: 2\n  try:     name them: inputs = [\"a\", \"b\"]",
    );
    expect(
        "[[layer]]\nname = \"p\"\nop = \"max_pool\"\nkernel = 2\n[[layer]]\nname = \"a\"\nop = \"add\"\ninputs = [\"p\", \"input\"]\n",
        "n/network.toml:14: layer `a` (add): add needs two maps of one shape\n  value:   3x4x4 and 3x8x8",
    );
    expect(
        "[[layer]]\nname = \"a\"\nop = \"max_pool\"\nkernel = 2\nactivation = \"relu\"\n",
        "n/network.toml:13: `activation` means nothing to op `max_pool`\n  value:   \"relu\"\n  allowed: kernel, stride, dilation, padding",
    );
    expect(
        "[[layer]]\nname = \"a\"\nop = \"pointwise\"\nkernel = 3\nchannels = 4\n",
        "n/network.toml:10: layer `a` (pointwise): `kernel` contradicts the op\n  value:   (3, 3)\n  allowed: (1, 1), or leave it out",
    );
    expect(
        "[[layer]]\nname = \"input\"\nop = \"activation\"\n",
        "n/network.toml:10: two layers have this name (`input` is the image)\n  value:   \"input\"",
    );
    expect(
        "[[layer]]\nname = \"a\"\nop = \"activation\"\ninput = \"b\"\n[[layer]]\nname = \"b\"\nop = \"activation\"\n",
        "n/network.toml:12: no earlier layer has this name\n  value:   \"b\"\n  try:     a layer can only read layers above it: move it down",
    );
    expect(
        "[[layer]]\nname = \"a\"\nop = \"pointwise\"\nchannels = 9\n[head]\nkind = \"yolo\"\nanchors = [[0.1, 0.1], [0.3, 0.3]]\n",
        "n/network.toml:13: anchors and output channels do not agree\n  value:   9 output channels\n  allowed: 5 channels for each anchor: here 10",
    );
}

#[test]
fn missing_things_say_what_to_do() {
    let text = HEAD.replace("random_weights_seed = 1", "");
    let layer = "[[layer]]\nname = \"a\"\nop = \"pointwise\"\nchannels = 4\n";
    assert_eq!(
        load_text(&format!("{text}{layer}"), None, "n", LoadOptions::default()).unwrap_err().to_string(),
        "n/network.toml: the network has no weights\n  try:     train it (`bico train FOLDER --out DIR`), put weights.safetensors beside network.toml, or set random_weights_seed under [quantise]"
    );
    assert_eq!(message(""), "n/network.toml:1: missing key `layer`");
    let folder = tempfile::tempdir().unwrap();
    let e = load(folder.path(), LoadOptions::default()).unwrap_err();
    assert!(e.to_string().contains("network.toml: cannot read: No such file"), "{e}");
    std::fs::write(folder.path().join("network.toml"), [b'a', b'\n', 0xff]).unwrap();
    let e = load(folder.path(), LoadOptions::default()).unwrap_err();
    assert!(e.to_string().contains("network.toml:2: not a text file\n  allowed: TOML in UTF-8"), "{e}");
}

fn tensors(list: &[(&str, Dtype, Vec<usize>, Vec<f32>)]) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> = list.iter().map(|t| t.3.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let views = list.iter().zip(&bytes).map(|(t, b)| (t.0, TensorView::new(t.1, t.2.clone(), b).unwrap()));
    serialize(views, None).unwrap()
}

fn with_weights(bytes: &[u8]) -> Result<bico::model::Network, String> {
    let text = format!("{HEAD}[[layer]]\nname = \"a\"\nop = \"pointwise\"\nchannels = 2\n");
    load_text(&text, Some(bytes), "n", LoadOptions::default()).map_err(|e| e.to_string())
}

#[test]
fn weights_files_are_checked_tensor_by_tensor() {
    use Dtype::{F32, I32};
    let w = vec![0.5, -0.25, 1.0, 0.0, 0.125, -1.0];
    let good = ("a.weight", F32, vec![2, 3, 1, 1], w.clone());
    let bias = ("a.bias", F32, vec![2], vec![0.5, -0.5]);
    let network = with_weights(&tensors(&[good.clone(), bias.clone()])).unwrap();
    let weights = network.graph.nodes[1].weights.as_ref().unwrap();
    assert_eq!(weights.format.frac, 6);
    assert_eq!(weights.data, [32, -16, 64, 0, 8, -64]);
    assert_eq!(weights.bias, [1 << 13, -(1 << 13)], "biases are at the scale of input frac 8 plus weight frac 6");
    let cases = [
        (tensors(std::slice::from_ref(&bias)), "tensor `a.weight` is missing\n  allowed: float32 of shape [2, 3, 1, 1]"),
        (
            tensors(&[("a.weight", F32, vec![3, 2, 1, 1], w.clone())]),
            "shape of tensor `a.weight`\n  value:   [3, 2, 1, 1]\n  allowed: [2, 3, 1, 1]",
        ),
        (tensors(&[("a.weight", I32, vec![2, 3, 1, 1], w.clone())]), "type of tensor `a.weight`\n  value:   I32\n  allowed: F32"),
        (
            tensors(&[good.clone(), ("a.bais", F32, vec![2], vec![0.5, -0.5])]),
            "tensor `a.bais` belongs to no layer of the network\n  try:     did you mean `a.bias`?",
        ),
        (
            tensors(&[good, ("a.bias", F32, vec![2], vec![0.5, f32::NAN])]),
            "tensor `a.bias` is not finite at element 1\n  value:   NaN\n  allowed: finite numbers",
        ),
    ];
    for (bytes, wanted) in cases {
        assert_eq!(with_weights(&bytes).unwrap_err(), format!("n/weights.safetensors: {wanted}"));
    }
    let cut = &tensors(&[bias])[..20];
    assert!(with_weights(cut).unwrap_err().starts_with("n/weights.safetensors: not a safetensors file: "));
}

const BUNDLE: &str = "[[bundle]]\nname = \"b\"\n[[bundle.layer]]\nname = \"dw\"\nop = \"depthwise\"\nkernel = 3\npadding = 1\n\
                      [[bundle.layer]]\nname = \"pw\"\nop = \"pointwise\"\n";

#[test]
fn a_bundle_means_its_layers_written_out() {
    let first =
        "name = \"x_dw\"\nop = \"depthwise\"\nkernel = 3\npadding = 1\n[[layer]]\nname = \"x_pw\"\nop = \"pointwise\"\nchannels = 4\n";
    let second = first.replace("x_", "y_").replace("channels = 4", "channels = 6").replace("kernel", "input = \"x_pw\"\nkernel");
    let written = format!("{HEAD}[[layer]]\n{first}[[layer]]\n{second}");
    let instances =
        "[[layer]]\nname = \"x\"\nop = \"b\"\nchannels = 4\n[[layer]]\nname = \"y\"\nop = \"b\"\ninput = \"x_pw\"\nchannels = 6\n";
    let bundled = load_text(&format!("{HEAD}{BUNDLE}{instances}"), None, "n", LoadOptions::default()).unwrap();
    let written = load_text(&written, None, "n", LoadOptions::default()).unwrap();
    assert_eq!(bundled.graph, written.graph);
    assert_eq!(bundled.graph.nodes.len(), 5);
}

#[test]
fn bundles_that_do_not_hold_say_where() {
    expect(
        &format!("{BUNDLE}[[layer]]\nname = \"x\"\nop = \"b\"\nchannels = 4\nkernel = 3\n"),
        "n/network.toml:23: `kernel` is not a key of this bundle's layers\n  value:   3\n  allowed: name, op, input, inputs; channels, \
         where a layer of the bundle leaves them open",
    );
    assert!(message(&format!("{BUNDLE}[[layer]]\nname = \"x\"\nop = \"bb\"\n")).contains("activation, b"));
    expect(
        &format!("{}[[layer]]\nname = \"x\"\nop = \"conv\"\n", BUNDLE.replace("\"b\"", "\"conv\"")),
        "n/network.toml:10: a bundle has the name of an operation\n  value:   \"conv\"\n  try:     give it a name of its own",
    );
    expect(
        "[[bundle]]\nname = \"b\"\nlayer = []\n[[layer]]\nname = \"x\"\nop = \"b\"\n",
        "n/network.toml:10: the bundle has no layers\n  value:   \"b\"\n  try:     add [[bundle.layer]] tables below it",
    );
    let twice = message(&format!("{BUNDLE}{BUNDLE}[[layer]]\nname = \"x\"\nop = \"b\"\n"));
    assert!(twice.starts_with("n/network.toml:20: two bundles have this name"), "{twice}");
    let open = message(&format!("{BUNDLE}[[layer]]\nname = \"x\"\nop = \"b\"\n"));
    assert!(open.contains("channels"), "{open}");
}

#[test]
fn what_would_be_lost_in_silence_is_refused() {
    let activation = |name: &str, rest: &str| format!("[[layer]]\nname = \"{name}\"\nop = \"activation\"\n{rest}\n");
    // A forgotten operand.
    expect(
        &(activation("a", "") + &activation("b", "input = \"input\"")),
        "n/network.toml:10: nothing reads this layer, and it is not the last one\n  value:   \"a\"\n  try:     name it in `input` or `inputs` of a layer behind \
         it, or remove it",
    );
    // A clip that no member but 0 stands for.
    let clip = message(&activation("a", "activation = \"relu6\"\nfeature_frac = -7"));
    assert!(clip.contains("layer `a`") && clip.contains("the clip rounds to 0") && clip.contains("raise feature_frac"), "{clip}");
    // Anchors in cells of the grid, as other tools write them.
    let layer = "[[layer]]\nname = \"a\"\nop = \"pointwise\"\nchannels = 5\n";
    let head = |anchors: &str| message(&format!("{layer}[head]\nkind = \"yolo\"\nanchors = {anchors}\n"));
    let cells = head("[[1.494, 2.36]]");
    assert!(cells.contains("1.494") && cells.contains("above 0 to 1") && cells.contains("divide sides in grid cells"), "{cells}");
    assert!(head("[]").contains("the head has no anchors"));
}

#[test]
fn layers_of_bundles_are_checked_where_they_stand() {
    let bundle = |layers: &str| message(&format!("[[bundle]]\nname = \"b\"\n{layers}[[layer]]\nname = \"a\"\nop = \"activation\"\n"));
    let layer = |name: &str, op: &str| format!("[[bundle.layer]]\nname = \"{name}\"\nop = \"{op}\"\n");
    let unknown = bundle(&layer("x", "depthwize"));
    assert!(unknown.starts_with("n/network.toml:13: unknown `op`") && unknown.contains("did you mean `depthwise`?"), "{unknown}");
    let twice = bundle(&(layer("x", "activation") + &layer("x", "activation")));
    assert!(twice.starts_with("n/network.toml:15: two layers of the bundle have this name"), "{twice}");
}
